// The dialog alone in a real browser, led to each of its states. The page is test/react/states.tsx.
import { randomUUID } from 'node:crypto'
import { resolve } from 'node:path'
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { ar } from '../../../client/react/texts/ar.ts'
import { de } from '../../../client/react/texts/de.ts'
import { es } from '../../../client/react/texts/es.ts'
import { fr } from '../../../client/react/texts/fr.ts'
import { ja } from '../../../client/react/texts/ja.ts'
import { DEFAULT_TEXTS, type StepUpTexts } from '../../../client/react/texts.ts'
import { dialogOf, walletUrl } from './page.ts'

/** The texts of every language that the dialog has. */
export const LANGUAGES: readonly StepUpTexts[] = [DEFAULT_TEXTS, ar, de, es, fr, ja]

/** The page's address: on an origin where passkeys work. */
const ADDRESS = `${walletUrl}/dialog-states/`

let files: Promise<{ script: string; style: string }> | undefined

async function bundle() {
  const { outputFiles } = await build({
    entryPoints: [resolve('test/react/states.tsx')],
    bundle: true,
    write: false,
    outdir: 'out',
    format: 'iife',
    jsx: 'automatic',
    minify: true,
    define: { 'process.env.NODE_ENV': '"production"' },
  })
  const textOf = (ending: string) =>
    outputFiles.find(({ path }) => path.endsWith(ending))?.text ?? ''
  return { script: textOf('.js'), style: textOf('.css') }
}

/** Opens the page, with what it is to show. */
export async function showDialog(page: Page, shown: Record<string, unknown>): Promise<void> {
  files ??= bundle()
  const { script, style } = await files
  const answers: Record<string, { contentType: string; body: string }> = {
    'index.js': { contentType: 'text/javascript', body: script },
    'index.css': { contentType: 'text/css', body: style },
  }
  const html =
    '<!doctype html><html lang="en"><head><title>The dialog</title>' +
    '<meta name="viewport" content="width=device-width"><meta name="color-scheme" content="light dark">' +
    '<link rel="stylesheet" href="index.css"></head><body><script src="index.js"></script></body></html>'
  await page.route(`${ADDRESS}**`, (route) => {
    const name = new URL(route.request().url()).pathname.split('/').at(-1) ?? ''
    return route.fulfill(answers[name] ?? { contentType: 'text/html', body: html })
  })
  // Another query loads the page, where another fragment alone would not.
  await page.goto(`${ADDRESS}?${randomUUID()}#${encodeURIComponent(JSON.stringify(shown))}`)
  if (!shown.onboarding) {
    await page.getByRole('button', { name: 'Export' }).click()
    await dialogOf(page).waitFor()
  }
}

const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
const startingWith = (page: Page, name: string) =>
  page.getByRole('button').filter({ hasText: name }).first()

async function enter(page: Page, label: string, code: string): Promise<void> {
  const field = page.getByLabel(label, { exact: true })
  await field.fill(code)
  await field.press('Enter')
}

/** A state: what the page shows, and how the user comes to it. */
export interface State {
  shown?: Record<string, unknown>
  reach: (page: Page, texts: StepUpTexts) => Promise<void>
}

const DETAILS = {
  recipient: '0x71C7656EC7ab88b098defB751B7401B5f6d8976F',
  amount: '0.01 ETH',
  input: '8JoyPoKx2mQ4c0Yw',
}

const DISPLAY = {
  properties: {
    amount: { title: 'Amount', display: { as: 'amount', unit: 'ETH', decimals: 18 } },
    recipient: { title: 'Recipient', display: { as: 'address' } },
    until: { title: 'Until', display: { as: 'date' } },
    hash: { title: 'Hash', display: { as: 'hash', of: 'message' } },
  },
}

/** Every state of the dialog and the onboarding, by a name for it. */
export const STATES: Readonly<Record<string, State>> = {
  'a code': {
    shown: { details: DETAILS, detailNames: { input: null } },
    reach: (page, texts) => page.getByLabel(texts.codeLabel, { exact: true }).waitFor(),
  },
  'technical details': {
    shown: {
      details: { ...DETAILS, amount: '10000000000000000', until: 1_893_456_000, hash: '0xab' },
      detailNames: { input: null },
      words: { display: DISPLAY },
    },
    reach: async (page, texts) => {
      await page.getByText('0.01 ETH').waitFor()
      await page.getByText(texts.hashAlone).waitFor()
      for (const folded of [texts.technical, texts.exactValues])
        await page.getByText(folded).click()
    },
  },
  'a wrong code': {
    reach: async (page, texts) => {
      await enter(page, texts.codeLabel, '333333')
      await page.getByText(texts.attemptsLeft(3)).waitFor()
    },
  },
  'a long wait': {
    reach: async (page, texts) => {
      await enter(page, texts.codeLabel, '444444')
      await page.locator('.countersign-waiting').waitFor()
    },
  },
  'a wait': {
    reach: async (page, texts) => {
      await enter(page, texts.codeLabel, '000000')
      await page.locator('.countersign-waiting').waitFor()
    },
  },
  verifying: {
    reach: async (page, texts) => {
      await enter(page, texts.codeLabel, '222222')
      await button(page, texts.verifying).waitFor()
    },
  },
  'a lock': {
    reach: async (page, texts) => {
      await enter(page, texts.codeLabel, '111111')
      await page.getByText(texts.errors.locked).waitFor()
    },
  },
  'a lock with a passkey': {
    shown: { factors: ['totp', 'passkey'] },
    reach: async (page, texts) => {
      await enter(page, texts.codeLabel, '111111')
      await page.getByText(texts.lockedWithPasskey).waitFor()
    },
  },
  'several apps': {
    shown: { factors: ['totp', 'totp', 'passkey'] },
    reach: (page, texts) => page.getByLabel(texts.deviceLabel).waitFor(),
  },
  'other ways': {
    shown: { factors: ['totp', 'passkey'], help: { text: 'help.example.com', href: '/help' } },
    reach: async (page, texts) => {
      await button(page, texts.cannotUse).click()
      await startingWith(page, texts.recoverFactor).waitFor()
    },
  },
  'a recovery code': {
    reach: async (page, texts) => {
      await button(page, texts.cannotUse).click()
      await startingWith(page, texts.recoverFactor).click()
      await page.getByLabel(texts.recoveryLabel, { exact: true }).waitFor()
    },
  },
  'a passkey': {
    shown: { factors: ['passkey', 'totp'] },
    reach: (page, texts) => button(page, texts.usePasskey).waitFor(),
  },
  'a passkey that failed': {
    shown: { factors: ['passkey'] },
    reach: async (page, texts) => {
      await button(page, texts.usePasskey).click()
      await startingWith(page, texts.recoverFactor).waitFor()
    },
  },
  'a choice of factors': {
    shown: { factors: [] },
    reach: (page, texts) => startingWith(page, texts.enroll.totpHint).waitFor(),
  },
  'an app to add': {
    shown: { factors: [] },
    reach: async (page, texts) => {
      await startingWith(page, texts.enroll.totpHint).click()
      await page.getByRole('img', { name: texts.qrLabel }).waitFor()
    },
  },
  'a passkey to add': {
    shown: { factors: [] },
    reach: async (page, texts) => {
      await startingWith(page, texts.enroll.passkeyHint).click()
      await button(page, texts.createPasskey).waitFor()
    },
  },
  'recovery codes': {
    shown: { factors: [] },
    reach: async (page, texts) => {
      await startingWith(page, texts.enroll.totpHint).click()
      await enter(page, texts.enrollCodeLabel, '123456')
      await page.getByRole('list', { name: texts.codesLabel }).waitFor()
    },
  },
  'the next code': {
    shown: { factors: [] },
    reach: async (page, texts) => {
      await startingWith(page, texts.enroll.totpHint).click()
      await enter(page, texts.enrollCodeLabel, '123456')
      await button(page, texts.codesSaved).click()
      await page.getByText(texts.nextCode).waitFor()
    },
  },
}

/** Shows a state of the dialog, in English. */
export async function showState(page: Page, name: string): Promise<void> {
  const state = STATES[name]
  if (!state) throw new Error(`there is no state ${name}`)
  await showDialog(page, { ...state.shown })
  await state.reach(page, DEFAULT_TEXTS)
}

/** Shows the same state in another language. */
export async function speak(page: Page, { lang }: StepUpTexts): Promise<void> {
  await page.evaluate((value) => {
    const { speak } = globalThis as unknown as { speak: (lang: string) => void }
    speak(value)
  }, lang)
  await page.locator(`:is(.countersign-dialog, .countersign-onboarding)[lang="${lang}"]`).waitFor()
}
