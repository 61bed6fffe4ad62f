// The key of a page and its proofs (RFC 9449): which calls carry one, for whom the key is, and where it is kept.
import { IDBFactory } from 'fake-indexeddb'
import { decodeJwt } from 'jose'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { withDpop } from '../../client/dpop.ts'
import type { CountersignOptions } from '../../client/index.ts'
import { verifyDpop } from '../../contract/shared/dpop.ts'
import { part } from '../support/jwt.ts'

const URL_OF_SERVICE = 'https://countersign.example'
const VERIFY = `${URL_OF_SERVICE}/live/trpc/challenge.verify`
const API = 'https://api.example/export'
const jwt = (claims: object) => `${part({})}.${part(claims)}.signature`
const BOUND = jwt({ cnf: { jkt: 'x' } })

let databases = new IDBFactory()
beforeEach(() => {
  databases = new IDBFactory()
  vi.stubGlobal('indexedDB', databases)
})
afterEach(() => {
  vi.unstubAllGlobals()
  vi.restoreAllMocks()
})

/** A tab of a page: its options, and what it sent. */
function openTab(more: Partial<CountersignOptions> = {}, answers: Response[] = []) {
  const sent: Request[] = []
  const options = withDpop({
    ...{ url: URL_OF_SERVICE, environment: 'live', getSessionToken: () => jwt({ sub: 'alice' }) },
    fetch: async (input, init) => {
      sent.push(new Request(input, init))
      return answers.shift() ?? Response.json({})
    },
    ...more,
  })
  const call = (url: string, token?: string) =>
    options.fetch(url, {
      method: 'POST',
      headers: token === undefined ? {} : { 'countersign-token': token },
      body: '{}',
    })
  const proofs = () => sent.map(({ headers }) => headers.get('countersign-dpop'))
  /** The thumbprint of the key of the newest proof, which must be valid for its call. */
  const keyOf = async (url: string, token?: string) => {
    const now = Math.floor(Date.now() / 1000)
    const proof = proofs().at(-1) ?? ''
    const verified = await verifyDpop(proof, { method: 'POST', url, token, now })
    if ('fault' in verified) throw new Error(`its ${verified.fault} is wrong`)
    return verified.jkt
  }
  return { options, call, sent, proofs, keyOf }
}

const keyIn = async (tab: ReturnType<typeof openTab>) => {
  await tab.call(VERIFY)
  return tab.keyOf(VERIFY)
}

describe('a proof', () => {
  it.each<[what: string, url: string, token: string | undefined, carries: boolean]>([
    ['a step-up', VERIFY, undefined, true],
    ['an exchange', `${URL_OF_SERVICE}/live/trpc/token.exchange`, undefined, true],
    ['a bound token for an API', `${API}?fast=1#top`, BOUND, true],
    ['a bound token for Countersign', `${URL_OF_SERVICE}/live/trpc/factor.remove`, BOUND, true],
    ['another token', API, jwt({}), false],
    ['a token that is no JWT', API, 'opaque', false],
    ['another call of Countersign', `${URL_OF_SERVICE}/live/trpc/factor.list`, undefined, false],
    ['a step-up elsewhere', 'https://evil.example/live/trpc/challenge.verify', undefined, false],
    ['a call without a token', API, undefined, false],
  ])('goes along where the call needs one: %s', async (_what, url, token, carries) => {
    const tab = openTab()
    await tab.call(url, token)
    expect(tab.proofs()).toEqual([carries ? expect.any(String) : null])
    if (carries) expect(await tab.keyOf(url, token)).toHaveLength(43)
    expect(await tab.sent[0]?.text()).toBe('{}')
  })

  it('goes along where the address of the service is written in another way', async () => {
    const tab = openTab({ url: 'HTTPS://countersign.example:443' })
    await tab.call(VERIFY)
    expect(tab.proofs()).toEqual([expect.any(String)])
  })

  it('is not made when nobody is signed in', async () => {
    const tab = openTab({ getSessionToken: () => undefined })
    await tab.call(VERIFY)
    expect(tab.proofs()).toEqual([null])
  })

  it('is made for a call of the page’s own', async () => {
    const { options } = openTab()
    const proof = await options.proofFor({ url: API, method: 'PUT', token: BOUND })
    const now = Math.floor(Date.now() / 1000)
    const use = { url: API, method: 'PUT', token: BOUND, now }
    expect(await verifyDpop(proof ?? '', use)).toMatchObject({ jti: expect.any(String) })
  })
})

describe('a nonce', () => {
  const refusal = (dpopNonce: string) => ({ reason: 'use_dpop_nonce', dpopNonce })
  const asking = (nonce: string) => Response.json(refusal(nonce), { status: 401 })

  it.each<[where: string, answer: Response]>([
    ['of an API', asking('n1')],
    ['of Countersign', Response.json({ error: { data: refusal('n1') } }, { status: 400 })],
  ])('%s is put into the next proof, once, and kept for later calls', async (_where, answer) => {
    const tab = openTab({}, [answer])
    expect((await tab.call(API, BOUND)).status).toBe(200)
    await tab.call(API, BOUND)
    const proofs = tab.proofs().map((proof) => decodeJwt(proof ?? ''))
    expect(proofs.map(({ nonce }) => nonce)).toEqual([undefined, 'n1', 'n1'])
    expect(new Set(proofs.map(({ jti }) => jti)).size).toBe(3)
    expect(await tab.sent[1]?.text()).toBe('{}')
  })

  it('is tried once: a second refusal is the answer', async () => {
    const tab = openTab({}, [asking('n1'), asking('n2')])
    expect((await tab.call(API, BOUND)).status).toBe(401)
    expect(tab.sent).toHaveLength(2)
  })

  it.each<[what: string, body: object]>([
    ['another refusal of the guard', { reason: 'proof_used', dpopNonce: 'n1' }],
    ['an answer of the API itself, which may ask for a nonce of its session', { error: 'x' }],
  ])('is not looked for in %s, which stays readable', async (_what, body) => {
    const headers = { 'dpop-nonce': 'of the session' }
    const tab = openTab({}, [Response.json(body, { status: 400, headers })])
    expect(await (await tab.call(API, BOUND)).json()).toEqual(body)
    expect(tab.sent).toHaveLength(1)
  })
})

describe('the key', () => {
  it('is the same in two tabs that ask for it at the same time, and after a reload', async () => {
    const tabs = [openTab(), openTab()]
    const [one, other] = await Promise.all(tabs.map(keyIn))
    expect(one).toBe(other)
    expect(await keyIn(openTab())).toBe(one)
  })

  it.each<[what: string, more: Partial<CountersignOptions>]>([
    ['user', { getSessionToken: () => jwt({ sub: 'bob' }) }],
    ['environment', { environment: 'demo' }],
  ])('is another one for another %s', async (_what, more) => {
    const tab = openTab(more)
    const url = VERIFY.replace('live', more.environment ?? 'live')
    await tab.call(url)
    expect(await tab.keyOf(url)).not.toBe(await keyIn(openTab()))
  })

  it('cannot be read out, not even by the page', async () => {
    await keyIn(openTab())
    const { privateKey } = await storedKey()
    expect(privateKey.extractable).toBe(false)
    await expect(crypto.subtle.exportKey('jwk', privateKey)).rejects.toThrow()
  })

  it.each<[what: string, over: () => undefined]>([
    ['is over by then', () => undefined],
    [
      'cannot be read any more',
      () => {
        throw new Error('login_required')
      },
    ],
  ])('is gone after the logout, also if the session %s', async (_what, over) => {
    let session: () => string | undefined = () => jwt({ sub: 'alice' })
    const tab = openTab({ getSessionToken: () => session() })
    const before = await keyIn(tab)
    session = over
    await tab.options.onLogout()
    expect(await storedKey()).toBeUndefined()
    session = () => jwt({ sub: 'alice' })
    expect(await keyIn(tab)).not.toBe(before)
  })

  it.each<[what: string, factory: unknown]>([
    ['missing', undefined],
    ['closed to this page', { open: () => refusingOpen() }],
  ])('stays in memory if IndexedDB is %s, and the console says so once', async (_what, factory) => {
    vi.stubGlobal('indexedDB', factory)
    const warned = vi.spyOn(console, 'warn').mockReturnValue()
    const tab = openTab()
    const before = await keyIn(tab)
    expect(await keyIn(tab)).toBe(before)
    expect(warned).toHaveBeenCalledTimes(1)
    expect(warned).toHaveBeenCalledWith(expect.stringContaining('IndexedDB'), expect.anything())
    await tab.options.onLogout()
    expect(await keyIn(tab)).not.toBe(before)
  })
})

/** The one key pair that is stored. */
const storedKey = () =>
  new Promise<CryptoKeyPair>((resolve, reject) => {
    const opening = databases.open('countersign')
    opening.onsuccess = () => {
      const asked = opening.result.transaction('keys').objectStore('keys').getAll()
      asked.onsuccess = () => resolve(asked.result[0])
      asked.onerror = () => reject(asked.error)
    }
  })

/** Refuses to open a database, as a browser does in some private windows. */
function refusingOpen() {
  const request = { error: new Error('SecurityError'), onerror: () => {} }
  setTimeout(() => request.onerror())
  return request
}
