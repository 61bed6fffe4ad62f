// What the dashboard tells its operators: first steps with progress, histories as people read them, users who are
// not known, edits that are not saved, and where on a long page they are.
import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Locator, Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { sessionFrom } from '../../contract/index.ts'
import { DEMO } from '../../scripts/demo.ts'
import { expectNothingFound } from './support/axe.ts'
import { consoleTests, guardedCall } from './support/console.ts'

const service = consoleTests('people')

const signedIn = (path: string, width = 1280) => service.openSignedIn({ path, width })

/** Drops a file on an element, as from another window. */
async function drop(page: Page, target: Locator, file: string): Promise<void> {
  await target.scrollIntoViewIfNeeded()
  const box = (await target.boundingBox()) ?? expect.fail('nothing to drop it on')
  const devtools = await page.context().newCDPSession(page)
  const data = { items: [], files: [file], dragOperationsMask: 1 }
  for (const type of ['dragEnter', 'dragOver', 'drop'] as const) {
    const place = { x: box.x + box.width / 2, y: box.y + box.height / 2 }
    await devtools.send('Input.dispatchDragEvent', { type, ...place, data })
  }
}

/** The name of a user without factors, also when a test runs again. */
const newUser = (name: string) => `${name}-${crypto.randomUUID()}`

/** A token that nobody signed: a new environment only reads it. */
const unsigned = (claims: object) =>
  [{ alg: 'RS256' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .concat('AAAA')
    .join('.')

describe('first steps', () => {
  it('begin with the login: a few values, and a token that is explained', async () => {
    const page = await signedIn('/new')
    await page.getByRole('radio', { name: 'Amazon Cognito' }).check()
    expect(await page.getByLabel('Address of the key set').count()).toBe(0)
    await page.getByRole('button', { name: 'Create environment' }).click()
    await page.getByText('One word, such as eu-west-1_AbCdEfGhI.').waitFor()
    await page.getByLabel('User pool ID').fill(' eu-west-1_AbC ')
    await page.getByLabel('App client ID').fill('client-1')
    const now = Math.floor(Date.now() / 1000)
    const values = { userPool: 'eu-west-1_AbC', clientId: 'client-1' }
    const session = sessionFrom('cognito', values)
    const access = {
      ...{ iss: session.issuer, sub: 'user-1', client_id: 'client-1', token_use: 'access' },
      ...{ iat: now, exp: now + 600, auth_time: now },
    }
    const token = page.getByLabel('A session token of your application')
    await token.fill(unsigned({ ...access, token_use: 'id' }))
    await page.getByText('token_use is “id” and must be “access”.').waitFor()
    await page.getByText('Send the access token.').waitFor()
    await token.fill(unsigned(access))
    await page.getByText('The token fits these settings').waitFor()
    await page.getByLabel('Id', { exact: true }).fill('pool')
    await page.getByLabel('Web origins').fill('https://shop.example')
    await page.getByLabel('Audiences', { exact: true }).fill('https://api.shop.example')
    await page.getByRole('button', { name: 'Create environment' }).click()
    await page.getByRole('heading', { level: 1, name: 'Guide' }).waitFor()
    await page.getByRole('row', { name: /^token_use Always/ }).waitFor()
    const { settings } = await service.operator().environment.get.query({ environment: 'pool' })
    expect(settings.session).toMatchObject(session)
  })

  it('begin with a template, whose actions the guide goes on with', async () => {
    const page = await signedIn('/new')
    await page.getByRole('radio', { name: 'Payments' }).check()
    await page.getByLabel('Id', { exact: true }).fill('payments')
    await page.getByLabel('Issuer').fill(DEMO.login)
    await page.getByLabel('Pasted here').check()
    await page.getByLabel('Key set').fill(JSON.stringify({ keys: [service.issuer.publicJwk] }))
    await page.getByLabel('Audiences of your session tokens').fill(DEMO.application)
    await page.getByLabel('Web origins').fill('https://shop.example')
    await page.getByLabel('Audiences', { exact: true }).fill('https://api.shop.example')
    await page.getByRole('button', { name: 'Create environment' }).click()
    await page.getByRole('heading', { level: 1, name: 'Guide' }).waitFor()
    const { settings } = await service.operator().environment.get.query({ environment: 'payments' })
    expect(settings.actions?.map(({ title }) => title)).toEqual(['Payout', 'Refund', 'New payee'])
    expect(await page.getByLabel('The action to guard first').inputValue()).toBe('payout.create')
    await page.getByRole('link', { name: 'Payout', exact: true }).waitFor()
  })

  it('are ticked by what really happened, while the guide is open', async () => {
    const page = await signedIn('/e/people/guide')
    const progress = page.getByRole('list', { name: 'Progress' })
    const step = (name: string) => progress.getByRole('listitem').filter({ hasText: name })
    await step('A session token was tried').getByText('Not yet').waitFor()
    const { token } = await service.issuer.signIn('user-1')
    await page.getByLabel('A session token').fill(token)
    await page.getByRole('button', { name: 'Try the token' }).click()
    await step('A session token was tried').getByText('Done').waitFor()
    expect(await progress.getByText('Done').count()).toBe(1)
    await guardedCall(service, newUser('guided'))
    await step('An API has a key').getByText('Done').waitFor()
    // Counts are written by the first call ten seconds later.
    await page.waitForTimeout(11_000)
    await (await service.user('other')).policy.check.query({ action: 'wallet.waas.sign' })
    await step('The first step-up').getByText('Done').waitFor()
    await step('The first guarded call').getByText('Done').waitFor()
  })
})

describe('the history of a user', () => {
  it('has one row for an action, with its device and its API, and the events on demand', async () => {
    const historian = newUser('historian')
    await guardedCall(service, historian)
    const page = await signedIn(`/e/people/users?user=${historian}`)
    const row = page.locator('summary', { hasText: 'Sign with a wallet' })
    await row.waitFor()
    expect(await row.count()).toBe(1)
    const said = await row.innerText()
    expect(said).toContain('Work phone')
    expect(said).toContain(`wallet of ${historian}`)
    await row.click()
    await page.getByText('token.consumed', { exact: true }).waitFor()
    await page.getByText('step_up.passed', { exact: true }).waitFor()
  })

  it('has a receipt of a step-up, which the page verifies, explains and saves', async () => {
    const payer = newUser('payer')
    await guardedCall(service, payer)
    const page = await signedIn(`/e/people/users?user=${payer}`)
    await page.locator('summary', { hasText: 'Sign with a wallet' }).click()
    await page.getByRole('button', { name: 'Receipt', exact: true }).click()
    await page.getByText('The receipt proves', { exact: true }).waitFor()
    await page
      .getByText(/states that the token \S+ was consumed once, at .* by resource:/)
      .waitFor()
    const [saved] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download', exact: true }).click(),
    ])
    const file = join(mkdtempSync(join(tmpdir(), 'countersign-download-')), 'receipt.json')
    await saved.saveAs(file)
    const receipt = JSON.parse(readFileSync(file, 'utf8'))
    expect(receipt).toMatchObject({ v: 1, sub: payer, token: { singleUse: true } })

    await page.goto(`${service.url}/console/e/people/history`)
    // The events above it move the field when they are there.
    await page.getByText('events shown of').waitFor()
    await drop(page, page.getByLabel('Receipt file'), file)
    const panel = page.getByRole('region', { name: 'Check a receipt' })
    await panel.getByText('The receipt proves', { exact: true }).waitFor()
    await panel.getByText(/states that payer-\S+ verified with totp/).waitFor()
    const edited = Buffer.from(JSON.stringify({ ...receipt, sub: 'mallory' }))
    const name = { name: 'edited.json', mimeType: 'application/json' }
    await page.getByLabel('Receipt file').setInputFiles({ ...name, buffer: edited })
    await panel.getByText('It was edited').waitFor()
    expect(await panel.getByText('The receipt proves', { exact: true }).count()).toBe(0)
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 900 })
      await expectNothingFound(page)
    }
  })

  it('shows the details of a receipt in a file once they are the signed ones', async () => {
    const { keys, vectors } = JSON.parse(readFileSync('conformance/vectors.json', 'utf8'))
    const { receipt, details } = vectors.find(
      (one: { name: string }) => one.name === 'a passkey with ES256',
    ).input
    const page = await signedIn('/e/people/history')
    await page.route('**/receipts/jwks.json', (route) => route.fulfill({ json: keys.receipts }))
    const panel = page.getByRole('region', { name: 'Check a receipt' })
    const shown = panel.getByRole('region', { name: 'As users see it' })
    const buffer = Buffer.from(JSON.stringify(receipt))
    const file = { name: 'receipt.json', mimeType: 'application/json', buffer }
    await panel.getByLabel('Receipt file').setInputFiles(file)
    await panel.getByText('signed the hash').waitFor()
    const check = async (text: string, said: string) => {
      await panel.getByLabel('Details').fill(text)
      await panel.getByRole('button', { name: 'Check the receipt' }).click()
      await panel.getByText(said).waitFor()
    }
    await check('{ order', 'These details are not a JSON object.')
    await check(JSON.stringify({ ...details, amount: 26 }), 'is about other details')
    expect(await shown.count()).toBe(0)
    await check(JSON.stringify(details), 'signed exactly these details')
    expect(await shown.getByRole('definition').allInnerTexts()).toContain(details.order)
  })

  it('says when something happened, not when it was written', async () => {
    const page = await signedIn('/e/people')
    const at = 1_795_569_639
    const [event, known] = [
      {
        ...{ seq: 1, at, type: 'attempts.refused', actor: 'subject', salt: '', previous: '' },
        ...{ hash: 'h', data: { lastAt: at - 215, count: 4 } },
      },
      { type: 'operator.signed_in_again', actor: 'operator:ada' },
    ]
    await page.route('**/audit.list*', (route) => {
      const isUser = route.request().url().includes('subject')
      const events = [isUser ? event : { ...event, ...known }]
      return route.fulfill({ json: { result: { data: { events } } } })
    })
    await page.evaluate(() => history.pushState(null, '', '/console/e/people/history'))
    const time = page.getByRole('main').locator('summary time')
    const written = new Date((at - 215) * 1000).toISOString()
    await expect.poll(() => time.getAttribute('datetime')).toBe(written)
    await page.getByText('4 times').waitFor()
  })
})

describe('a user', () => {
  it('of whom nothing is known looks unknown, and there is nothing to do for them', async () => {
    const page = await signedIn('/e/people/users?user=nobody-yet')
    await page.getByText('Nothing is known of this user').waitFor()
    expect(
      await page.getByRole('button', { name: /Reset|Unlock|Forgive|End tokens/ }).count(),
    ).toBe(0)
  })

  it('of an environment that is not there is not looked for: the page says so once', async () => {
    const page = await signedIn('/e/nowhere/users?user=user-1')
    await page
      .getByText(/no such environment/i)
      .first()
      .waitFor()
    await expect.poll(() => page.getByText(/no such environment/i).count()).toBe(1)
  })

  it('is unlocked for a reason, which is recorded', async () => {
    await (await service.user('locked')).factor.enroll.mutate({ kind: 'totp' })
    const page = await signedIn('/e/people/users?user=locked')
    await page.getByRole('button', { name: 'Forgive failed attempts' }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: 'Forgive' }).click()
    await dialog.getByText('Say why').waitFor()
    await dialog.getByLabel('Reason').fill('called the help desk')
    await dialog.getByRole('button', { name: 'Forgive' }).click()
    await page.locator('summary', { hasText: 'Unlocked by an operator' }).click()
    await page.getByText('by first · called the help desk').waitFor()
  })
})

describe('edits that are not saved', () => {
  it('are kept in the tab, which every page says, and closing it asks', async () => {
    const page = await signedIn('/e/people/settings')
    await page.getByLabel('Relying party name').fill('Half typed')
    await page.getByText('kept in this browser tab').waitFor()
    await page.getByRole('link', { name: 'Keys' }).click()
    await page.getByText('people has unsaved changes').waitFor()
    const asked = page.waitForEvent('dialog')
    await page.close({ runBeforeUnload: true })
    const question = await asked
    expect(question.type()).toBe('beforeunload')
    await question.dismiss()
    await page.getByRole('link', { name: 'Back to the changes' }).click()
    expect(await page.getByLabel('Relying party name').inputValue()).toBe('Half typed')
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('dialog').getByText('discarded').waitFor()
  })
})

describe('the layout', () => {
  it.each([390, 1280])(
    'marks the section of the settings that is shown, at %i px',
    async (width) => {
      const page = await signedIn('/e/people/settings', width)
      const sections = page.getByRole('navigation', { name: 'Sections' })
      const current = () => sections.locator('[aria-current]').allInnerTexts()
      await expect.poll(current).toEqual(['Sign-in'])
      await sections.getByRole('link', { name: 'Methods' }).click()
      await expect.poll(current).toEqual(['Methods'])
      const { top } = await page
        .getByRole('heading', { level: 2, name: 'Methods' })
        .evaluate((node) => {
          const { y } = node.getBoundingClientRect()
          return { top: y }
        })
      const links = await sections.boundingBox()
      const covered = width < 500 && links ? links.y + links.height : 0
      expect(top).toBeGreaterThan(covered)
      expect(top).toBeLessThan(450)
      expect(await sections.isVisible()).toBe(true)
    },
  )

  it('shortens long names of a chart at their end, and keeps series that are zero', async () => {
    const page = await signedIn('/e/people')
    const at = Math.floor(Date.now() / 3_600_000) * 3600
    const row = { at, event: 'check', action: 'account.settlement.instructions', method: null }
    const data = { from: at - 86_400, until: at, bucketSeconds: 3600, rows: [{ ...row, count: 3 }] }
    await page.route('**/stats.get*', (route) => route.fulfill({ json: { result: { data } } }))
    await page.reload()
    const chart = page.getByRole('region', { name: 'By action', exact: true })
    const tick = chart.locator('svg text', { hasText: 'account.' }).first()
    await tick.waitFor()
    expect(await tick.locator('title').textContent()).toBe('account.settlement.instructions')
    expect(await tick.evaluate((node) => node.lastChild?.textContent)).toMatch(/^account\..*…$/)
    const legend = await chart.getByRole('list', { name: 'Colors' }).innerText()
    expect(legend).toContain('Denied')
    const swatch = chart.locator('.swatch').first()
    const color = await swatch.evaluate((node) => getComputedStyle(node).backgroundColor)
    expect(color).toBe(
      await chart
        .locator('svg path[fill]')
        .first()
        .evaluate((node) => getComputedStyle(node).fill),
    )
    expect(color).not.toBe('rgba(0, 0, 0, 0)')
  })

  it('shows a page from its top, and going back where it was left', async () => {
    const page = await signedIn('/e/people/actions')
    const last = page.getByRole('link', { name: 'Edit Remove a factor' })
    await last.scrollIntoViewIfNeeded()
    const top = () => page.evaluate(() => scrollY)
    const left = await top()
    expect(left).toBeGreaterThan(100)
    await last.click()
    await page.getByRole('heading', { level: 1, name: 'Remove a factor' }).waitFor()
    await expect.poll(top).toBe(0)
    await page.goBack()
    await last.waitFor()
    await expect.poll(top).toBe(left)
  })

  it('keeps a long user id in its card and its dialog on a phone', async () => {
    const subject = `user_${'M'.repeat(40)}`
    await (await service.user(subject)).factor.enroll.mutate({ kind: 'totp' })
    const page = await signedIn(`/e/people/users?user=${subject}`, 390)
    const boxOf = async (one: Locator) => (await one.boundingBox()) ?? { x: 0, width: 999 }
    const title = page.getByRole('heading', { level: 2, name: subject })
    expect(await title.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0)
    await page.getByRole('button', { name: 'Reset factors' }).click()
    const dialog = await boxOf(page.getByRole('dialog'))
    const close = await boxOf(page.getByRole('dialog').getByRole('button', { name: 'Close' }))
    expect(close.x + close.width).toBeLessThan(dialog.x + dialog.width)
  })

  it('fills every row of the counts, with the numbers on one line, at every width', async () => {
    await (await service.user('counted')).policy.check.query({ action: 'wallet.waas.sign' })
    const page = await signedIn('/e/people')
    await page.locator('.tile').first().waitFor()
    for (const [width, inRow] of [
      [390, 2],
      [700, 3],
      [1100, 3],
      [1280, 6],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      for (const part of ['.tile', '.tile dd']) {
        const rows = await page
          .locator(part)
          .evaluateAll((all) => all.map((one) => one.getBoundingClientRect().y))
        for (const row of rows) expect(rows.filter((y) => y === row)).toHaveLength(inRow)
      }
    }
  })

  it.each([390, 1280])('covers no button with a message, at %i px', async (width) => {
    await (await service.user('covered')).factor.enroll.mutate({ kind: 'totp' })
    const page = await signedIn('/e/people/users?user=covered', width)
    const main = page.getByRole('main')
    await main.getByRole('button', { name: 'Verify the chain' }).waitFor()
    const messages = page.getByRole('status', { name: 'Messages' })
    const covered = async (toast: Locator) => {
      const box = await toast.boundingBox()
      if (!box) throw new Error('there is no message')
      return main.getByRole('button').evaluateAll((buttons, area) => {
        const covers = ({ left, right, top, bottom }: DOMRect) =>
          right > area.x &&
          left < area.x + area.width &&
          bottom > area.y &&
          top < area.y + area.height
        return buttons.filter((one) => covers(one.getBoundingClientRect())).length
      }, box)
    }
    await main.getByRole('button', { name: 'End tokens' }).click()
    await messages.getByText('There was no token to end.').waitFor()
    for (let top = 0; top < 900; top += 60) {
      await page.evaluate((to) => scrollTo({ top: to, behavior: 'instant' }), top)
      await expect.poll(() => covered(messages.locator('.toast'))).toBe(0)
    }
  })
})
