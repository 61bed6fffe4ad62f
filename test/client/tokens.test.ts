// The token store: which token matches a call, who gets a single-use token, and when tokens are removed.
import { describe, expect, it, vi } from 'vitest'
import {
  createTokenStore,
  memoryKeeper,
  type StoredToken,
  type TokenKeeper,
} from '../../client/tokens.ts'
import type { ElevatedToken } from '../../contract/index.ts'

const START = 1_800_000_000

/** A store whose machine's clock is set by the test. */
function makeStore(keeper: TokenKeeper = memoryKeeper()) {
  let now = START * 1000
  const store = createTokenStore(keeper, () => now)
  let counted = 0
  const put = (
    more: Partial<ElevatedToken> = {},
    issuing: { subject?: string; details?: Record<string, unknown>; askedAt?: number } = {},
  ) => {
    counted += 1
    const issuedAt = more.issuedAt ?? START
    const token: ElevatedToken = {
      token: `token-${counted}`,
      jti: `jti-${counted}`,
      audience: 'https://wallet.example',
      scopes: ['wallet:export'],
      acr: 'mfa',
      tokenType: 'Bearer',
      singleUse: false,
      issuedAt,
      expiresAt: issuedAt + 300,
      ...more,
    }
    store.put(token, { subject: 'u', askedAt: now, issuedAt, ...issuing })
    return token
  }
  return { store, put, setClock: (milliseconds: number) => (now = milliseconds) }
}

const scope = 'wallet:export'

describe('picking a token', () => {
  it('matches by scope', async () => {
    const { store, put } = makeStore()
    put({ scopes: ['wallet:sign'] })
    expect(store.get({ scope })).toBeUndefined()
    const fitting = put({ scopes: ['user:update', scope] })
    expect(store.get({ scope })?.jti).toBe(fitting.jti)
  })

  it('prefers the reusable one that expires soonest, then single-use ones', async () => {
    const { store, put } = makeStore()
    const once = put({ singleUse: true, expiresAt: START + 10 })
    const late = put({ expiresAt: START + 200 })
    const soon = put({ expiresAt: START + 100 })
    const order = []
    for (;;) {
      const taken = await store.take({ scope }, true)
      if (!taken) break
      order.push(taken.jti)
    }
    expect(order).toEqual([soon.jti, late.jti, once.jti])
  })

  it('gives a token with details to exactly these, in whatever order they are written', () => {
    const { store, put } = makeStore()
    const bound = put({}, { details: { to: '0xabc', deep: { a: 1, b: [1, 2] } } })
    expect(store.get({ scope })).toBeUndefined()
    expect(
      store.get({ scope, details: { to: '0xabd', deep: { a: 1, b: [1, 2] } } }),
    ).toBeUndefined()
    expect(
      store.get({ scope, details: { to: '0xabc', deep: { a: 1, b: [2, 1] } } }),
    ).toBeUndefined()
    expect(store.get({ scope, details: { deep: { b: [1, 2], a: 1 }, to: '0xabc' } })?.jti).toBe(
      bound.jti,
    )
  })

  it('never takes a legacy token for one of a scope, nor the reverse', () => {
    const { store, put } = makeStore()
    put()
    expect(store.get({ scope: undefined })).toBeUndefined()
    store.put(
      { token: 'legacy', jti: 'legacy', expiresAt: START + 300, singleUse: true },
      { subject: 'u', askedAt: START * 1000, issuedAt: START },
    )
    expect(store.get({ scope: undefined })?.jti).toBe('legacy')
    expect(store.get({ scope: 'wallet:sign' })).toBeUndefined()
  })
})

describe('a single-use token', () => {
  it('goes to one of many who take it at once', async () => {
    const { store, put } = makeStore()
    put({ singleUse: true })
    const taken = await Promise.all(Array.from({ length: 50 }, () => store.take({ scope })))
    expect(taken.filter(Boolean)).toHaveLength(1)
    expect(store.get({ scope })).toBeUndefined()
  })

  it('comes back when it was not sent', async () => {
    const { store, put } = makeStore()
    const token = put({ singleUse: true })
    const taken = await store.take({ scope })
    taken?.putBack()
    expect((await store.take({ scope }))?.jti).toBe(token.jti)
  })

  it('does not come back to another user', async () => {
    const { store, put } = makeStore()
    put({ singleUse: true })
    const taken = await store.take({ scope })
    store.keepOnly('somebody else')
    taken?.putBack()
    expect(store.get({ scope })).toBeUndefined()
  })

  it('stays a reusable one’s better: a reusable token remains after it was taken', async () => {
    const { store, put } = makeStore()
    const token = put()
    expect((await store.take({ scope }))?.jti).toBe(token.jti)
    expect((await store.take({ scope }))?.jti).toBe(token.jti)
  })

  it('is passed over where another tab claimed it', async () => {
    const kept = memoryKeeper()
    const { store, put } = makeStore({ ...kept, claim: async () => undefined })
    put({ singleUse: true })
    expect(await store.take({ scope })).toBeUndefined()
  })

  it('is not handed out when it was used while the claim was waited for', async () => {
    const kept = memoryKeeper()
    const claim = async () => {
      kept.write([])
      return () => {}
    }
    const { store, put } = makeStore({ ...kept, claim })
    put({ singleUse: true })
    expect(await store.take({ scope })).toBeUndefined()
  })
})

describe('expiry', () => {
  it.each([
    ['an hour behind', -3600],
    ['right', 0],
    ['an hour ahead', 3600],
  ])('follows the server’s clock where this machine’s is %s', (_, offSeconds) => {
    const { store, put, setClock } = makeStore()
    setClock((START + offSeconds) * 1000)
    put({ issuedAt: START, expiresAt: START + 300 })
    setClock((START + offSeconds + 298) * 1000)
    expect(store.get({ scope })).toBeDefined()
    setClock((START + offSeconds + 299) * 1000)
    expect(store.get({ scope })).toBeUndefined()
  })

  it('counts from when the token was asked for, not from when the answer came', () => {
    const { store, put, setClock } = makeStore()
    setClock((START + 20) * 1000)
    put({ issuedAt: START + 10, expiresAt: START + 310 }, { askedAt: START * 1000 })
    setClock((START + 298) * 1000)
    expect(store.get({ scope })).toBeDefined()
    setClock((START + 299) * 1000)
    expect(store.get({ scope })).toBeUndefined()
  })
})

describe('users', () => {
  it('loses every token when the user changes', () => {
    const { store, put } = makeStore()
    put()
    store.keepOnly('u')
    expect(store.list()).toHaveLength(1)
    store.keepOnly('v')
    expect(store.list()).toHaveLength(0)
  })

  it('loses every token when nobody is signed in', () => {
    const { store, put } = makeStore()
    put()
    store.keepOnly(undefined)
    expect(store.list()).toHaveLength(0)
  })

  it('drops the tokens of an earlier user when one of the next is put', () => {
    const { store, put } = makeStore()
    put()
    put({}, { subject: 'v' })
    expect(store.list().map(({ subject }: StoredToken) => subject)).toEqual(['v'])
  })
})

it('notifies subscribers of tokens that come and go, until they unsubscribe', async () => {
  const { store, put } = makeStore()
  const changed = vi.fn()
  const stop = store.subscribe(changed)
  put({ singleUse: true })
  expect(changed).toHaveBeenCalledTimes(1)
  await store.take({ scope })
  expect(changed).toHaveBeenCalledTimes(2)
  stop()
  put()
  expect(changed).toHaveBeenCalledTimes(2)
})
