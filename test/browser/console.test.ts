// The dashboard in a real browser, before any operator has a factor.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { beforeAll, describe, expect, it } from 'vitest'
import { DEMO } from '../../scripts/demo.ts'
import { consoleTests, review, signInWith } from './support/console.ts'

const service = consoleTests('dashboard')

/** An event in a history. */
const happened = (page: Page, what: string) =>
  page.getByRole('main').locator('summary', { hasText: what })

const signedIn = (path: string) => service.openSignedIn({ path })

let countedAt = 0
beforeAll(async () => {
  const user = await service.user('counted')
  for (let times = 0; times < 3; times += 1)
    await user.policy.check.query({ action: 'wallet.waas.sign' })
  countedAt = Date.now()
})

describe('signing in', () => {
  it('exchanges the key for a session, keeps no key, and ends the session', async () => {
    const page = await service.open()
    await page.getByLabel('Operator key').fill('csk_op_wrong-wrong-wrong-wrong-wrong-wrong')
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page
      .getByText(/not known|credential|key/i)
      .first()
      .waitFor()
    expect(await page.getByLabel('Operator key').inputValue()).toBe('')
    await signInWith(page, service.key)
    const kept = await page.evaluate(() =>
      [JSON.stringify(localStorage), JSON.stringify(sessionStorage), document.cookie].join(),
    )
    expect(kept).not.toContain('csk_op_')
    await page.reload()
    await page.getByText('Signed in as').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByLabel('Operator key').waitFor()
    await page.reload()
    await page.getByLabel('Operator key').waitFor()
  })

  it('asks again when the session ends, and keeps what was typed', async () => {
    const page = await signedIn('/e/dashboard/settings')
    await page.getByLabel('Relying party name').fill('Renamed')
    await page.context().clearCookies()
    await page.getByRole('button', { name: 'Review and save' }).click()
    const dialog = page.getByRole('dialog', { name: 'Sign in again' })
    await dialog.getByLabel('Operator key').fill(service.key)
    await dialog.getByRole('button', { name: 'Sign in and go on' }).click()
    await page.getByRole('dialog', { name: 'Review and save' }).getByText('Renamed').waitFor()
  })
})

describe('an environment', () => {
  it('is created, with a guide that tries a token and ends with lines to paste', async () => {
    const page = await signedIn('/new')
    await page.getByRole('button', { name: 'Create environment' }).click()
    await page.getByText('Two to 32 small letters').waitFor()
    await page.getByLabel('Id', { exact: true }).fill('shop')
    await page.getByLabel('Issuer').fill(DEMO.login)
    await page.getByLabel('Pasted here').check()
    const keySet = JSON.stringify({ keys: [service.issuer.publicJwk] })
    await page.getByLabel('Key set').fill(keySet)
    await page.getByLabel('Audiences of your session tokens').fill(DEMO.application)
    await page.getByLabel('Web origins').fill('https://shop.example')
    expect(await page.getByLabel('Passkey domain').inputValue()).toBe('shop.example')
    await page.getByLabel('Audiences', { exact: true }).fill('https://api.shop.example')
    await page.getByRole('button', { name: 'Create environment' }).click()
    await page.getByRole('heading', { level: 1, name: 'Guide' }).waitFor()

    const { token } = await service.issuer.signIn('user-1')
    await page.getByLabel('A session token').fill(token)
    await page.getByRole('button', { name: 'Try the token' }).click()
    await page.getByText('The token is accepted').waitFor()
    await page.getByText('user-1', { exact: true }).waitFor()
    await page.getByLabel('A session token').fill(`${token.slice(0, -6)}AAAAAA`)
    await page.getByRole('button', { name: 'Try the token' }).click()
    await page.getByText('The token is refused').waitFor()

    await page.getByRole('button', { name: 'Make a resource key' }).click()
    await page.getByText(/^csk_res_/).waitFor()
    const lines = await page.getByRole('figure').allInnerTexts()
    expect(lines.join()).toContain("environment: 'shop'")
    expect(lines.join()).toContain("audience: 'https://api.shop.example'")
    expect(lines.join()).toContain('npm pack')
    await page.getByText('Open your page at https://shop.example.').waitFor()
    await page.getByLabel('Your API is written with').selectOption({ label: 'Express' })
    await page.getByText("import express, { type Request } from 'express'").waitFor()
  })

  it('warns of a tried token that cannot add a first factor, and forgets it with the next', async () => {
    const page = await signedIn('/e/dashboard/guide')
    const field = page.getByLabel('A session token')
    const notice = page.locator('.notice', { hasText: 'The token is accepted' })
    const tryIt = async (claims: Record<string, unknown>) => {
      await field.fill((await service.issuer.signIn('user-1', claims)).token)
      await page.getByRole('button', { name: 'Try the token' }).click()
      await notice.waitFor()
      return { tone: await notice.getAttribute('class'), text: await notice.innerText() }
    }
    const now = Math.floor(Date.now() / 1000)
    const silent = await tryIt({ auth_time: undefined })
    expect(silent.tone).toContain('notice-warn')
    expect(silent.text).toMatch(/auth_time is missing.*nobody can add a first factor/)
    const old = await tryIt({ auth_time: now - 3 * 3600 })
    expect(old.tone).toContain('notice-warn')
    expect(old.text).toMatch(/sign-in was 3 hours ago.*within 10 minutes/)
    const nameless = await tryIt({ sid: undefined })
    expect(nameless.tone).toContain('notice-good')
    expect(nameless.text).toMatch(/sid is missing/)
    expect((await tryIt({})).text).not.toMatch(/missing|ago/)
    await field.fill('not a token')
    expect(await notice.count()).toBe(0)
  })

  it('is removed once its name was typed', async () => {
    await service.operator().environment.create.mutate({
      environment: 'passing',
      settings: (await service.operator().environment.get.query({ environment: 'dashboard' }))
        .settings,
    })
    const page = await signedIn('/e/passing/settings')
    await page.getByRole('button', { name: 'Remove passing' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Remove for good' }).click()
    await dialog.getByText('Type passing to go on.').waitFor()
    await dialog.getByRole('textbox').fill('passing')
    await dialog.getByRole('button', { name: 'Remove for good' }).click()
    await page.getByRole('heading', { level: 1, name: 'Environments' }).waitFor()
    const { environments } = await service.operator().environment.list.query({})
    expect(environments.map(({ environment }) => environment)).not.toContain('passing')
  })
})

describe('settings', () => {
  it('shows what a change makes weaker before it is saved', async () => {
    const page = await signedIn('/e/dashboard/actions')
    await page.getByRole('switch', { name: 'Export a wallet’s key' }).click()
    await page.getByText('1 unsaved change').waitFor()
    const dialog = await review(page)
    await dialog.getByText('Weaker', { exact: true }).first().waitFor()
    await dialog.getByRole('button', { name: 'Save, weaker parts too' }).click()
    await page.getByText(/Saved as version \d+\. In force everywhere/).waitFor()
    const { settings } = await service
      .operator()
      .environment.get.query({ environment: 'dashboard' })
    const entry = settings.actions?.find(({ action }) => action === 'wallet.waas.export')
    expect(entry?.base?.require).toBe('never')
  })

  it('tries a rule with a condition before it is saved, and saves it', async () => {
    const page = await signedIn('/e/dashboard/actions/new')
    await page.getByLabel('Action', { exact: true }).fill('order.refund')
    await page.getByLabel('Scope', { exact: true }).fill('orders:refund')
    await page.getByRole('button', { name: 'Continue to its rule' }).click()
    await page.getByRole('heading', { level: 1, name: 'order.refund' }).waitFor()
    const display = { as: 'amount', unit: 'EUR' }
    const amount = { type: 'number', title: 'Amount', display }
    const schema = { type: 'object', properties: { amount } }
    await page.getByLabel('Schema of the details').fill(JSON.stringify(schema))
    // A new action requires the details that it describes.
    expect(await page.getByLabel('Required').isChecked()).toBe(true)
    await page.getByRole('button', { name: 'Add a stricter case' }).click()
    await page.getByLabel('When').fill('details.amount > 1000')
    const panel = page.getByRole('complementary', { name: 'Try it' })
    await panel.getByLabel('Details').fill('{ "amount": 1500 }')
    const shown = panel.getByRole('region', { name: 'As users see it' })
    expect(await shown.locator('dl').innerText()).toMatch(/Amount\s+1\u202f500 EUR/)
    await panel.getByRole('button', { name: 'Try it' }).click()
    await panel.getByText('How it came about').waitFor()
    await (await review(page)).getByRole('button', { name: /^Save/ }).click()
    await page.getByText(/Saved as version/).waitFor()
    await page.goto(`${service.url}/console/e/dashboard/guide`)
    await page.getByText("action: 'order.refund'").waitFor()
    await page.getByText('details: (c) => c.req.json()').waitFor()
  })

  it('tells the second of two operators, and puts what they typed on top', async () => {
    const [first, second] = [
      await signedIn('/e/dashboard/settings'),
      await signedIn('/e/dashboard/settings'),
    ]
    await second.getByLabel('Keep history').fill('90')
    await second.getByLabel('Relying party name').fill('Mine')
    await first.getByLabel('Relying party name').fill('Theirs')
    await first.getByLabel('“Recently” means within').fill('300')
    await (await review(first)).getByRole('button', { name: /^Save/ }).click()
    await first.getByText(/Saved as version/).waitFor()

    await second.getByRole('button', { name: 'Review and save' }).click()
    const dialog = second.getByRole('dialog', { name: 'Another operator saved first' })
    await dialog.getByText('1 thing you both changed').waitFor()
    await dialog.getByRole('button', { name: 'Apply mine on top' }).click()
    const save = second.getByRole('dialog', { name: 'Review and save' })
    await save.getByRole('button', { name: /^Save/ }).click()
    await second.getByText(/Saved as version/).waitFor()
    const { settings } = await service
      .operator()
      .environment.get.query({ environment: 'dashboard' })
    expect(settings.rpName).toBe('Mine')
    expect(settings.history?.keepDays).toBe(90)
    expect(settings.firstFactorSessionSeconds).toBe(300)
  })
})

describe('users', () => {
  it('are looked up, and their factors reset for a reason that is recorded', async () => {
    const user = await service.user('user-2')
    await user.factor.enroll.mutate({ kind: 'totp' })
    const page = await signedIn('/e/dashboard/users')
    await page.getByLabel('User id').fill('user-2')
    await page.getByRole('button', { name: 'Look up' }).click()
    await page.getByRole('heading', { name: 'user-2' }).waitFor()
    await page.getByRole('button', { name: 'Reset factors' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Reset factors' }).click()
    await dialog.getByText('Say why').waitFor()
    await dialog.getByLabel('Reason').fill('lost the phone')
    await dialog.getByRole('button', { name: 'Reset factors' }).click()
    await happened(page, 'Factors were reset by an operator').waitFor()
    await page.getByLabel('Search').fill('lost the phone')
    await page.getByText('1 event shown').waitFor()
  })
})

describe('history and keys', () => {
  it('filters, verifies and hands out the history', async () => {
    const page = await signedIn('/e/dashboard/history')
    await happened(page, 'The environment was created').waitFor()
    await page.getByLabel('What happened').selectOption({ label: 'The environment was created' })
    await page.getByText('1 event shown').waitFor()
    await page.getByRole('button', { name: 'Verify the chain' }).click()
    await page.getByText('The chain is intact').waitFor()
    const [file] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download JSON lines' }).click(),
    ])
    const saved = join(mkdtempSync(join(tmpdir(), 'countersign-download-')), 'history.jsonl')
    await file.saveAs(saved)
    const lines = readFileSync(saved, 'utf8').trim().split('\n')
    expect(lines.map((line) => JSON.parse(line).type)).toEqual(['environment.created'])
  })

  it('rotates both kinds of keys, shows a resource key once, and revokes it', async () => {
    const page = await signedIn('/e/dashboard/keys')
    for (const [key, table] of [
      ['signing key', 'Signing keys'],
      ['receipt key', 'Receipt keys'],
    ] as const) {
      await page.getByRole('button', { name: `Rotate the ${key}` }).click()
      await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      await page.getByRole('table', { name: table }).getByRole('cell', { name: 'Next' }).waitFor()
    }
    const before = await service.operator().environment.get.query({ environment: 'dashboard' })
    await page.getByRole('button', { name: 'Revoke compromised key (receipt key)' }).click()
    await page.getByRole('dialog').getByRole('textbox').fill('dashboard')
    await page.getByRole('button', { name: 'Replace and void what it signed' }).click()
    await page.getByText('Earlier receipts and checkpoints prove nothing').waitFor()
    const after = await service.operator().environment.get.query({ environment: 'dashboard' })
    expect(after.keys).toEqual(before.keys)
    expect(after.receiptKeys).toMatchObject([{ state: 'current' }])
    expect(before.receiptKeys.map(({ kid }) => kid)).not.toContain(after.receiptKeys[0]?.kid)
    await page.getByLabel('Label').fill('seen once')
    await page.getByRole('button', { name: 'Make a resource key' }).click()
    await page.getByText(/^csk_res_/).waitFor()
    await page.getByRole('button', { name: 'Done, I saved it' }).click()
    await page.getByRole('button', { name: 'Revoke seen once' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Revoked. It is refused').waitFor()
    expect(await page.getByText(/csk_res_/).count()).toBe(0)
  })
})

describe('counts', () => {
  it('are drawn in plots with a table for each, and say that they are estimates', async () => {
    // They are written by the first call ten seconds later.
    const wait = new Promise((resolve) => setTimeout(resolve, countedAt + 12_000 - Date.now()))
    await wait
    const user = await service.user('counted')
    await user.policy.check.query({ action: 'wallet.waas.sign' })
    const page = await signedIn('/e/dashboard')
    await page.getByText('estimates').waitFor()
    await page.getByRole('img', { name: /Checks by decision/ }).waitFor()
    await page.getByText('Show as a table').first().click()
    await page.getByRole('table', { name: /Checks by decision/ }).waitFor()
  })
})

describe('operators', () => {
  it('are named, sign in with their own key, and the last one stays', async () => {
    const page = await signedIn('/operators')
    await page.getByLabel('Name').fill('early shift')
    await page.getByRole('button', { name: 'Add operator' }).click()
    const key = await page.getByText(/^csk_op_/).innerText()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByText('The last one stays').waitFor()
    await page.getByLabel('Name').fill('pipeline')
    await page.getByLabel('For automation').check()
    await page.getByRole('button', { name: 'Add operator' }).click()
    await page.getByRole('button', { name: 'Done' }).click()
    await page.getByRole('button', { name: 'Revoke pipeline' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click()
    await page.getByText('Revoked. Their sessions have ended.').waitFor()
    const hers = await service.open()
    await signInWith(hers, key)
    await hers.getByText('early shift', { exact: true }).waitFor()
    await hers.goto(`${service.url}/console/operators/history`)
    await happened(hers, 'An operator was added').first().waitFor()
  })
})
