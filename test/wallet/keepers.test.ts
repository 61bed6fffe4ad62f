// Keepers of shares: what one holds opens in its own place alone, and a change that breaks off anywhere
// leaves the shares in use whole.
import { runInDurableObject } from 'cloudflare:test'
import { privateKeyToAddress } from 'viem/accounts'
import { beforeAll, beforeEach, describe, expect, it, vi } from 'vitest'
import { Custodian, Vault, Wallet } from '../../examples/wallet/worker/index.ts'
import { subjectOf } from '../../examples/wallet/worker/issuer.ts'
import { countersign, mint, serveCountersign } from './support/countersign.ts'
import { addressOf, change, setOf, shareOf } from './support/shares.ts'
import { signIn, walletEnv } from './support/wallet.ts'

beforeAll(serveCountersign)
beforeEach(() => Object.assign(countersign, { enrolled: true, silent: false }))

describe('the shares', () => {
  it.each([
    ['user', { owner: 'user_other' }],
    ['generation', { generation: 7 }],
    ['attempt', { attempt: 'other' }],
  ])('are sealed for one %s: moved to another, a share does not open', async (_, moved) => {
    const user = await signIn()
    const set = await setOf(user.subject)
    const place = { owner: user.subject, ...set, ...moved }
    await runInDurableObject(walletEnv.VAULT.getByName(user.subject), (vault: Vault, state) => {
      const { owner, generation, attempt } = place
      const update = 'UPDATE shares SET owner = ?, generation = ?, attempt = ?'
      state.storage.sql.exec(update, owner, generation, attempt)
      expect(() => vault.give(owner, { generation, attempt })).toThrow()
      state.storage.sql.exec(update, user.subject, set.generation, set.attempt)
      expect(vault.give(user.subject, set)).toHaveLength(33)
    })
  })

  it('are sealed by their keeper: in the hands of another, a share does not open', async () => {
    const user = await signIn()
    const set = await setOf(user.subject)
    const sealed = await runInDurableObject(
      walletEnv.VAULT.getByName(user.subject),
      (_: Vault, state) =>
        state.storage.sql.exec<{ sealed: ArrayBuffer }>('SELECT sealed FROM shares').one().sealed,
    )
    await runInDurableObject(
      walletEnv.CUSTODIAN.getByName(user.subject),
      (custodian: Custodian, state) => {
        state.storage.sql.exec('UPDATE shares SET sealed = ?', sealed)
        expect(() => custodian.give(user.subject, set)).toThrow()
      },
    )
    const token = await mint(user.subject, 'wallet:export')
    const exported = await user.post('/api/wallet/export', {}, token)
    expect(exported.status).toBe(503)
    expect(exported.body).not.toHaveProperty('privateKey')
  })

  it('are put to use only in place of those they were made from', async () => {
    const user = await signIn()
    const before = await user.wallet()
    const stale = { generation: 1, attempt: 'replaced' }
    const change = { kind: 'delegate', to: 'x', subject: subjectOf('x') } as const
    const outcome = await walletEnv.WALLET.getByName(user.subject).switchTo(change, stale, {
      set: { generation: 2, attempt: 'late' },
      shares: [],
    })
    expect(outcome).toHaveProperty('refused')
    expect(await user.wallet()).toEqual(before)
  })

  it('of the set in use are whole after a change that broke off half-way', async () => {
    const user = await signIn()
    const { address } = await user.wallet()
    const orphan = { generation: 2, attempt: 'broken-off' }
    await walletEnv.VAULT.getByName(user.subject).keep(user.subject, orphan, new Uint8Array(33))
    const set = await setOf(user.subject)
    const shares = [
      await shareOf('VAULT', user.subject, set),
      await shareOf('CUSTODIAN', user.subject, set),
    ]
    expect(await addressOf(...shares)).toBe(address)
    expect((await change(user, '/api/wallet/delegate', { to: (await signIn()).name })).status).toBe(
      200,
    )
    expect(await shareOf('VAULT', user.subject, orphan)).toBeUndefined()
  })

  it.each([
    ['the second share is written', () => vi.spyOn(Custodian.prototype, 'keep')],
    ['the next set is put to use', () => vi.spyOn(Wallet.prototype, 'switchTo')],
  ] as const)('are whole, and the old ones, where it breaks before %s', async (_, spyOn) => {
    const [user, { name: to }] = [await signIn(), await signIn()]
    const before = await user.wallet()
    const spy = spyOn().mockImplementation(() => {
      throw new Error('broken off')
    })
    const broken = await change(user, '/api/wallet/delegate', { to })
    spy.mockRestore()
    expect(broken.status).toBe(503)
    expect(await user.wallet()).toEqual(before)
    const token = await mint(user.subject, 'wallet:export')
    const exported = await user.post<{ privateKey: `0x${string}` }>('/api/wallet/export', {}, token)
    expect(privateKeyToAddress(exported.body.privateKey)).toBe(before.address)
    expect((await change(user, '/api/wallet/delegate', { to })).status).toBe(200)
  })

  it('are changed all the same where an old one cannot be removed', async () => {
    const [user, { name: to }] = [await signIn(), await signIn()]
    const spy = vi.spyOn(Vault.prototype, 'prune').mockImplementation(() => {
      throw new Error('broken off')
    })
    const { status, body } = await change(user, '/api/wallet/delegate', { to })
    spy.mockRestore()
    expect(status).toBe(200)
    expect(body.generation).toBe(2)
  })

  it('are never put together by one class alone: no keeper has a row of the other', async () => {
    const user = await signIn()
    const set = await setOf(user.subject)
    const [vault, custodian] = [
      await shareOf('VAULT', user.subject, set),
      await shareOf('CUSTODIAN', user.subject, set),
    ]
    expect(vault).toHaveLength(33)
    expect(custodian).toHaveLength(33)
    expect(vault).not.toEqual(custodian)
    expect(await addressOf(vault, vault)).toBeUndefined()
  })
})
