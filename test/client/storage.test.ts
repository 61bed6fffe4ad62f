// Tokens in a page's storage: what is stored, and that two tabs never send the same single-use token, with one
// shared storage or with a copy each.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { storageKeeper } from '../../client/storage.ts'
import { createTokenStore, type StoredToken } from '../../client/tokens.ts'

/** A storage with entries. */
function makeStorage(entries: [string, string][] = []) {
  const values = new Map(entries)
  return {
    values,
    getItem: (name: string) => values.get(name) ?? null,
    setItem: (name: string, value: string) => void values.set(name, value),
    removeItem: (name: string) => void values.delete(name),
  }
}

const scope = 'wallet:export'
let name = ''
let tab = 0
const token = (more: Partial<StoredToken> = {}): StoredToken => ({
  token: 'eyJ…',
  jti: `jti of ${name}`,
  scopes: [scope],
  singleUse: true,
  expiresAt: Date.now() / 1000 + 3,
  aheadSeconds: 0,
  subject: 'u',
  ...more,
})

/** A tab: its own keeper and store. */
const openTab = (storage: ReturnType<typeof makeStorage>) =>
  createTokenStore(storageKeeper(() => storage)(name))

beforeEach(() => {
  tab += 1
  name = `countersign test ${tab}`
})

describe('with Web Locks', () => {
  it('keeps tokens over a reload', async () => {
    const storage = makeStorage([[name, JSON.stringify([token()])]])
    expect((await openTab(storage).take({ scope }))?.token).toBe('eyJ…')
    expect(storage.values.size).toBe(0)
    expect(await openTab(storage).take({ scope })).toBeUndefined()
  })

  it('lets one of many tabs that share a storage send a single-use token', async () => {
    const storage = makeStorage([[name, JSON.stringify([token()])]])
    const tabs = Array.from({ length: 20 }, () => openTab(storage))
    const taken = await Promise.all(tabs.map((store) => store.take({ scope })))
    expect(taken.filter(Boolean)).toHaveLength(1)
  })

  it('lets one of many duplicated tabs, each with a copy, send a single-use token', async () => {
    const copies = Array.from({ length: 20 }, () =>
      makeStorage([[name, JSON.stringify([token()])]]),
    )
    const tabs = copies.map(openTab)
    const taken = await Promise.all(tabs.map((store) => store.take({ scope })))
    expect(taken.filter(Boolean)).toHaveLength(1)
    await vi.waitFor(() => expect(copies.every(({ values }) => values.size === 0)).toBe(true))
  })

  it('lets another tab have a token that came back', async () => {
    const storage = makeStorage([[name, JSON.stringify([token()])]])
    const first = await openTab(storage).take({ scope })
    first?.putBack()
    await vi.waitFor(async () => expect(await openTab(storage).take({ scope })).toBeDefined())
  })

  it('takes what is no list of tokens for none', () => {
    for (const text of ['{', '{}', 'null', '[1, null, {"token": 1}]']) {
      expect(openTab(makeStorage([[name, text]])).list()).toEqual([])
    }
  })
})

describe('without Web Locks', () => {
  beforeEach(() => void vi.stubGlobal('navigator', {}))
  afterEach(() => void vi.unstubAllGlobals())

  it('keeps tokens in memory', () => {
    const storage = makeStorage()
    const store = openTab(storage)
    const { token: text, jti, expiresAt, singleUse } = token()
    const now = Date.now()
    store.put(
      { token: text, jti, expiresAt, singleUse },
      { subject: 'u', askedAt: now, issuedAt: now / 1000 },
    )
    expect(store.list()).toHaveLength(1)
    expect(storage.values.size).toBe(0)
  })
})
