// Shares: what changes them, that the address stays, and that what was replaced is worth nothing.
import { privateKeyToAddress } from 'viem/accounts'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { WalletView } from '../../examples/wallet/shared/view.ts'
import { countersign, mint, serveCountersign } from './support/countersign.ts'
import {
  addressOf,
  change,
  delegated,
  delegateShare,
  reshare,
  setOf,
  shareOf,
} from './support/shares.ts'
import { signIn, uniqueName, walletEnv } from './support/wallet.ts'

beforeAll(serveCountersign)
beforeEach(() => Object.assign(countersign, { enrolled: true, silent: false }))

const fingerprints = ({ shares }: WalletView) => shares.map(({ fingerprint }) => fingerprint)

describe('the shares', () => {
  it('are two, with two keepers, and make the key', async () => {
    const user = await signIn()
    const view = await user.wallet()
    expect(view.shares.map(({ holder }) => holder)).toEqual(['vault', 'custodian'])
    expect(view).toMatchObject({
      generation: 1,
      threshold: 2,
      delegation: null,
      pregenerated: null,
    })
    const set = await setOf(user.subject)
    const shares = [
      await shareOf('VAULT', user.subject, set),
      await shareOf('CUSTODIAN', user.subject, set),
    ]
    expect(await addressOf(...shares)).toBe(view.address)
  })

  it('change when access is delegated, and the address does not', async () => {
    const user = await signIn()
    const before = await user.wallet()
    const set = await setOf(user.subject)
    const { name: to } = await signIn()
    const { status, body } = await change(user, '/api/wallet/delegate', { to })
    expect(status).toBe(200)
    expect(body.address).toBe(before.address)
    expect(body.generation).toBe(2)
    expect(body.delegation).toMatchObject({ state: 'pending' })
    for (const old of fingerprints(before)) expect(fingerprints(body)).not.toContain(old)
    expect(await shareOf('VAULT', user.subject, set)).toBeUndefined()
    expect(await shareOf('CUSTODIAN', user.subject, set)).toBeUndefined()
  })

  it('change when a wallet that was made for somebody is claimed', async () => {
    const [maker, name] = [await signIn(), uniqueName()]
    expect((await maker.post('/api/pregenerate', { name })).status).toBe(201)
    const friend = await signIn(name)
    const before = await friend.wallet()
    expect(before.pregenerated).toEqual({ by: maker.name })
    expect((await friend.post('/api/wallet/export')).status).toBe(409)
    const { status, body } = await change(friend, '/api/wallet/claim')
    expect(status).toBe(200)
    expect(body).toMatchObject({ address: before.address, generation: 2, pregenerated: null })
    for (const old of fingerprints(before)) expect(fingerprints(body)).not.toContain(old)
    expect((await change(friend, '/api/wallet/claim')).status).toBe(409)
  })

  it('are three once delegated access is approved, at the sign-in after it was wanted', async () => {
    const { user, to, view } = await delegated()
    expect((await user.post('/api/wallet/delegation', { decision: 'approve' })).status).toBe(202)
    expect(await user.wallet()).not.toHaveProperty('reshare')
    expect((await change(user, '/api/wallet/reshare', { decision: 'approve' })).status).toBe(409)
    const back = await signIn(user.name)
    expect((await back.wallet()).reshare).toEqual({ wanted: 'approve', to })
    expect((await back.post('/api/wallet/reshare', { decision: 'approve' })).status).toBe(401)
    const { body } = await change(back, '/api/wallet/reshare', { decision: 'approve' })
    expect(body).toMatchObject({ address: view.address, generation: 3 })
    expect(body).not.toHaveProperty('reshare')
    expect(body.shares.map(({ holder }) => holder)).toEqual(['vault', 'custodian', 'delegate'])
    const set = await setOf(user.subject)
    const third = await delegateShare(to, user.subject, set)
    for (const holder of ['VAULT', 'CUSTODIAN'] as const)
      expect(await addressOf(third, await shareOf(holder, user.subject, set))).toBe(view.address)
  })

  it('leave a delegate with nothing once their access is revoked', async () => {
    const { user, to, view } = await delegated()
    const approved = await reshare(user, 'approve')
    const old = await setOf(user.subject)
    const kept = await delegateShare(to, user.subject, old)
    expect(kept).toBeDefined()
    const { view: revoked } = await reshare(approved.user, 'revoke')
    expect(revoked).toMatchObject({ address: view.address, generation: 4, delegation: null })
    expect(revoked.shares.map(({ holder }) => holder)).toEqual(['vault', 'custodian'])
    expect(await delegateShare(to, user.subject, old)).toBeUndefined()
    const set = await setOf(user.subject)
    for (const holder of ['VAULT', 'CUSTODIAN'] as const) {
      expect(await shareOf(holder, user.subject, old)).toBeUndefined()
      const fresh = await shareOf(holder, user.subject, set)
      expect(await addressOf(kept, fresh)).not.toBe(view.address)
    }
  })

  it('are changed by exactly one of several calls at once, and still make the key', async () => {
    for (let round = 0; round < 4; round += 1) {
      const user = await signIn()
      const { address } = await user.wallet()
      const friends = await Promise.all(Array.from({ length: 5 }, () => signIn()))
      const replies = await Promise.all(
        friends.map(({ name: to }) => change(user, '/api/wallet/delegate', { to })),
      )
      expect(replies.map(({ status }) => status).sort()).toEqual([200, 409, 409, 409, 409])
      expect((await user.wallet()).generation).toBe(2)
      const token = await mint(user.subject, 'wallet:export')
      const { body } = await user.post<{ privateKey: `0x${string}` }>(
        '/api/wallet/export',
        {},
        token,
      )
      expect(privateKeyToAddress(body.privateKey)).toBe(address)
    }
  })
})

describe('delegating', () => {
  it('is refused to oneself, and to a second party at once', async () => {
    const { user } = await delegated()
    expect((await change(user, '/api/wallet/delegate', { to: (await signIn()).name })).status).toBe(
      409,
    )
    const other = await signIn()
    expect((await change(other, '/api/wallet/delegate', { to: other.name })).status).toBe(409)
  })

  it('cannot be approved where nobody was named, or twice', async () => {
    const nobody = await signIn()
    const wanted = { decision: 'approve' }
    expect((await nobody.post('/api/wallet/delegation', wanted)).status).toBe(409)
    const { user } = await delegated()
    const approved = await reshare(user, 'approve')
    expect((await approved.user.post('/api/wallet/delegation', wanted)).status).toBe(409)
  })

  it('is not approved when the user confirms a revocation', async () => {
    const { user } = await delegated()
    await user.post('/api/wallet/delegation', { decision: 'revoke' })
    const back = await signIn(user.name)
    expect((await back.wallet()).reshare).toMatchObject({ wanted: 'revoke' })
    // Another session of theirs, which took no step-up, wants the contrary meanwhile.
    await user.post('/api/wallet/delegation', { decision: 'approve' })
    const { status } = await change(back, '/api/wallet/reshare', { decision: 'revoke' })
    expect(status).toBe(409)
    expect((await back.wallet()).delegation).toMatchObject({ state: 'pending' })
  })

  it('is not approved for another delegate than the one whom the user confirmed', async () => {
    const { user, to } = await delegated()
    await user.post('/api/wallet/delegation', { decision: 'approve' })
    const { subject } = await signIn(user.name)
    const object = walletEnv.WALLET.getByName(subject)
    const from = await setOf(subject)
    const next = { set: { generation: 3, attempt: 'next' }, shares: [] }
    const approving = { kind: 'reshare', decision: 'approve', signIn: 2 } as const
    const other = await object.switchTo({ ...approving, to: 'mallory' }, from, next)
    expect(other).toHaveProperty('refused')
    expect(await object.switchTo({ ...approving, to }, from, next)).toEqual({ done: true })
  })

  it('can be revoked before it was approved', async () => {
    const { user, view } = await delegated()
    const { view: revoked } = await reshare(user, 'revoke')
    expect(revoked).toMatchObject({ address: view.address, generation: 3, delegation: null })
  })
})
