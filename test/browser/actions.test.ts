// The four actions of the wallet in a real browser, each with a code and with a passkey. The page checks with
// viem that a signature is the wallet's and that a key belongs to its address.
import { type IncomingHttpHeaders, request } from 'node:http'
import type { Page } from 'playwright-core'
import { describe, expect, it } from 'vitest'
import { makeProofKey } from '../support/dpop.ts'
import { listen } from '../support/stand-in.ts'
import {
  browserTests,
  dialogOf,
  enrollPasskey,
  enrollTotp,
  enterCode,
  makePerson,
  type Person,
  signIn,
  walletUrl,
} from './support/page.ts'

const openPage = browserTests()

/** Each method: how the user gets it before they sign in, after it, and how they answer with it. */
const METHODS = {
  'a code': async (page: Page, person: Person) => {
    const codes = await enrollTotp(person)
    await signIn(page, person.name)
    return () => enterCode(page, codes())
  },
  'a passkey': async (page: Page, person: Person) => {
    await signIn(page, person.name)
    await enrollPasskey(page)
    return () => dialogOf(page).getByRole('button', { name: 'Continue with passkey' }).click()
  },
}

describe.each(Object.entries(METHODS))('with %s', (_, prepare) => {
  /** A page of somebody who has the factor, and how they answer; `before` happens while they have none. */
  async function open(before: (person: Person) => Promise<unknown> = async () => undefined) {
    const page = await openPage()
    const person = await makePerson()
    await before(person)
    return { page, person, answer: await prepare(page, person) }
  }

  it('exports the private key, which gives the address of the wallet', async () => {
    const { page, answer } = await open()
    await page.getByRole('button', { name: 'Export private key' }).click()
    await answer()
    await page.getByText('this key matches your wallet address').waitFor()
    await page.getByRole('button', { name: 'Show private key' }).click()
    expect(await page.getByText(/^0x[0-9a-f]{64}$/).textContent()).toMatch(/^0x/)
  })

  it.each(['Message', 'Typed data', 'Transaction', 'Authorization'])('signs: %s', async (kind) => {
    const { page, answer } = await open()
    await page.getByRole('tab', { name: kind }).click()
    await page.getByRole('button', { name: `Sign ${kind.toLowerCase()}` }).click()
    // What is signed is bound to the token, and shown from its beginning.
    await dialogOf(page).getByRole('term').first().waitFor()
    const heading = await dialogOf(page).getByRole('heading').first().boundingBox()
    expect(heading?.y).toBeGreaterThanOrEqual(0)
    await answer()
    await page.getByText('your wallet signed this').waitFor()
  })

  it('refreshes the shares when access is delegated, and keeps the address', async () => {
    const { page, person, answer } = await open()
    const friend = await makePerson()
    const before = await walletOf(person)
    await page.getByLabel('Delegate’s name').fill(friend.name)
    await page.getByRole('button', { name: 'Delegate access' }).click()
    await expectDetails(page, {
      'New holder of a share': friend.name,
      Change: 'delegate',
    })
    await answer()
    await page.getByText('Waiting for you to approve').first().waitFor()
    expectNewShares(before, await walletOf(person))
  })

  it('refreshes the shares when a pregenerated wallet is claimed, and keeps the address', async () => {
    const maker = await makePerson()
    const name = `friend ${crypto.randomUUID().slice(0, 8)}`
    const made = await maker.post('/api/pregenerate', { name })
    const page = await openPage()
    const person = await makePerson(name)
    const answer = await prepare(page, person)
    const before = await walletOf(person)
    expect(before.address).toBe(made.address)
    await page.getByRole('button', { name: 'Claim wallet' }).click()
    await answer()
    await page.getByText('The wallet is yours.').waitFor()
    expectNewShares(before, await walletOf(person))
  })

  it.each(['approve', 'revoke'])('reshares at the next sign-in after: %s', async (decision) => {
    const friend = await makePerson()
    const { page, person, answer } = await open(async (owner) => {
      await owner.post('/api/wallet/delegate', { to: friend.name })
      await owner.post('/api/wallet/delegation', { decision })
    })
    const before = await walletOf(person)
    await page
      .getByRole('button', {
        name: decision === 'approve' ? 'Confirm approval' : 'Confirm revocation',
      })
      .click()
    await expectDetails(page, {
      'Holder of the share': friend.name,
      Decision: decision,
    })
    await answer()
    await page
      .getByText(decision === 'approve' ? 'holds a share now.' : 'The access has ended.')
      .waitFor()
    const after = await walletOf(person)
    expectNewShares(before, after)
    expect(after.shares).toHaveLength(decision === 'approve' ? 3 : 2)
  })
})

it('a token that is copied into another browser is refused there, and its user notices nothing', async () => {
  const [page, thief] = [await openPage(), await openPage()]
  const person = await makePerson()
  const codes = await enrollTotp(person)
  await signIn(page, person.name)
  const address = `${walletUrl}/api/wallet/export`
  const key = await makeProofKey()
  const refused: unknown[] = []
  await page.route(address, async (route) => {
    const { authorization, 'countersign-token': token = '' } = await route.request().allHeaders()
    const copied = { authorization: authorization ?? '', 'countersign-token': token }
    const proof = await key.proof({ url: address, token })
    for (const headers of [copied, { ...copied, 'countersign-dpop': proof }])
      refused.push(await thief.evaluate(postWith, [address, headers] as const))
    await route.continue()
  })
  await page.getByRole('button', { name: 'Export private key' }).click()
  await enterCode(page, codes())
  await page.getByText('this key matches your wallet address').waitFor()
  expect(refused).toEqual(['401 proof_required', '401 proof_invalid'])
})

/** A proxy that writes the headers of each call to a log, and then passes the call on once `may` is done. */
async function startLoggingProxy(may: (address: string) => Promise<unknown>) {
  const log: { address: string; headers: IncomingHttpHeaders }[] = []
  const proxy = await listen(async (call, response) => {
    const { url: address = '', method, headers } = call
    log.push({ address, headers })
    await may(address)
    const passed = request(address, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.rawHeaders)
      answer.pipe(response)
    })
    call.pipe(passed)
  })
  return Object.assign(proxy, { log })
}

it('a token in the log of a proxy is refused from another browser, with each proof of that log', async () => {
  const address = `${walletUrl}/api/wallet/export`
  const thief = await openPage()
  const refused: unknown[] = []
  const steal = async (proofs: (string | string[] | undefined)[]) => {
    const { authorization = '', 'countersign-token': token = '' } =
      proxy.log.find((one) => one.address === address)?.headers ?? {}
    for (const proof of proofs) {
      const copied = {
        authorization,
        'countersign-token': `${token}`,
        'countersign-dpop': `${proof}`,
      }
      refused.push(await thief.evaluate(postWith, [address, copied] as const))
    }
  }
  const proofsOf = (isOwn: boolean) =>
    proxy.log
      .filter((one) => (one.address === address) === isOwn)
      .map(({ headers }) => headers['countersign-dpop'] ?? headers.dpop)
      .filter((proof) => proof !== undefined)
  await using proxy = await startLoggingProxy(async (called) => {
    if (called === address) await steal(proofsOf(false))
  })
  const page = await openPage({ proxy: proxy.url })
  const person = await makePerson()
  const codes = await enrollTotp(person)
  await signIn(page, person.name)
  await page.getByRole('button', { name: 'Export private key' }).click()
  await enterCode(page, codes())
  await page.getByText('this key matches your wallet address').waitFor()
  await steal(proofsOf(true))
  expect(refused).toEqual(['401 proof_invalid', '401 token_used'])
})

/** Sends a call from a page, and returns how it was refused. */
const postWith = async ([address, headers]: readonly [string, Record<string, string>]) => {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { ...headers, 'content-type': 'application/json' },
    body: '{}',
  })
  return `${answer.status} ${(await answer.json()).reason}`
}

interface Wallet {
  address: string
  generation: number
  shares: { holder: string; fingerprint: string }[]
}

/** What the dialog says is about to be done. */
async function expectDetails(page: Page, details: Record<string, string>): Promise<void> {
  const dialog = dialogOf(page)
  await dialog.getByRole('term').first().waitFor()
  const names = await dialog.getByRole('term').allTextContents()
  const values = await dialog.getByRole('definition').allTextContents()
  expect(Object.fromEntries(names.map((name, index) => [name, values[index]]))).toEqual(details)
}

const walletOf = async ({ get }: Person) => (await get('/api/wallet')) as unknown as Wallet

function expectNewShares(before: Wallet, after: Wallet): void {
  expect(after.address).toBe(before.address)
  expect(after.generation).toBeGreaterThan(before.generation)
  const fingerprints = new Set(before.shares.map(({ fingerprint }) => fingerprint))
  for (const { fingerprint } of after.shares) expect(fingerprints).not.toContain(fingerprint)
}
