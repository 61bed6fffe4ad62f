// What a token is bound to: one that was confirmed for one thing is good for no other, and is not spent by trying.
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { detailsOf } from '../../examples/wallet/shared/details.ts'
import type { SignRequest } from '../../examples/wallet/shared/requests.ts'
import { countersign, mint, serveCountersign } from './support/countersign.ts'
import { delegated } from './support/shares.ts'
import { signIn, type TestUser, uniqueName } from './support/wallet.ts'

type Details = Record<string, unknown>

beforeAll(serveCountersign)
beforeEach(() => Object.assign(countersign, { enrolled: true, silent: false, consumed: 0 }))

/** Presents a token for a call that it was not confirmed for. */
async function expectRefused(user: TestUser, path: string, body: unknown, token: string) {
  const before = await user.wallet()
  const { consumed } = countersign
  const refused = await user.post<{ reason: string }>(path, body, token)
  expect(refused.status).toBe(401)
  expect(countersign.consumed).toBe(consumed)
  const { generation, delegation } = await user.wallet()
  expect({ generation, delegation }).toEqual({
    generation: before.generation,
    delegation: before.delegation,
  })
  return refused.body.reason
}

describe('a delegation', () => {
  const path = '/api/wallet/delegate'

  it.each<[string, Details | undefined]>([
    ['that is bound to nothing', undefined],
    ['for claiming the wallet', { kind: 'claim' }],
    ['for a delegate whom it does not name', { kind: 'delegate' }],
    ['for a decision', { decision: 'approve', to: 'mallory' }],
  ])('is refused with a token %s', async (_, details) => {
    const [user, mallory] = [await signIn(), await signIn()]
    const token = await mint(user.subject, 'wallet:refresh', details)
    const reason = await expectRefused(user, path, { to: mallory.name }, token)
    expect(reason).toBe(details ? 'details_mismatch' : 'step_up_required')
  })

  it('is refused to one name with a token for another, which stays good for its own', async () => {
    const [user, ann, bob] = [await signIn(), await signIn(), await signIn()]
    const token = await mint(user.subject, 'wallet:refresh', { kind: 'delegate', to: ann.name })
    expect(await expectRefused(user, path, { to: bob.name }, token)).toBe('details_mismatch')
    const { status, body } = await user.post(path, { to: ` ${ann.name} ` }, token)
    expect(status).toBe(200)
    expect(body).toMatchObject({ delegation: { to: ann.name, state: 'pending' } })
  })

  it('is refused to a name that never signed in, before a token is spent', async () => {
    const [user, never, made] = [await signIn(), uniqueName(), uniqueName()]
    await user.post('/api/pregenerate', { name: made })
    for (const to of [never, made]) {
      const token = await mint(user.subject, 'wallet:refresh', { kind: 'delegate', to })
      const { status, body } = await user.post<{ detail: string }>(path, { to }, token)
      expect(status).toBe(409)
      expect(body.detail).toBe(`Nobody has signed in as ${to} yet. Ask them to sign in first.`)
    }
    expect(countersign.consumed).toBe(0)
    expect((await user.wallet()).delegation).toBeNull()
  })
})

describe('a claim', () => {
  it.each<[string, Details | undefined]>([
    ['that is bound to nothing', undefined],
    ['for a delegation', { kind: 'delegate', to: 'mallory' }],
  ])('is refused with a token %s', async (_, details) => {
    const [maker, name] = [await signIn(), uniqueName()]
    await maker.post('/api/pregenerate', { name })
    const user = await signIn(name)
    const token = await mint(user.subject, 'wallet:refresh', details)
    const reason = await expectRefused(user, '/api/wallet/claim', {}, token)
    expect(reason).toBe(details ? 'details_mismatch' : 'step_up_required')
  })
})

describe('a decision about access', () => {
  const path = '/api/wallet/reshare'

  it.each<[string, (to: string) => Details | undefined]>([
    ['that is bound to nothing', () => undefined],
    ['for the other decision', (to) => ({ decision: 'revoke', to })],
    ['for another delegate', () => ({ decision: 'approve', to: 'mallory' })],
    ['for a decision about nobody', () => ({ decision: 'approve' })],
  ])('is refused with a token %s', async (_, detailsFor) => {
    const { user, to } = await delegated()
    await user.post('/api/wallet/delegation', { decision: 'approve' })
    const back = await signIn(user.name)
    const details = detailsFor(to)
    const token = await mint(user.subject, 'wallet:reshare', details)
    const reason = await expectRefused(back, path, { decision: 'approve' }, token)
    expect(reason).toBe(details ? 'details_mismatch' : 'step_up_required')
    const right = await mint(user.subject, 'wallet:reshare', { decision: 'approve', to })
    expect((await back.post(path, { decision: 'approve' }, right)).status).toBe(200)
  })
})

describe('a transaction', () => {
  const TRANSACTION = {
    chainId: 1,
    to: '0x52908400098527886E0F7030069857D2E4169EE7',
    value: '1000000000000000000',
    nonce: 7,
    gas: '21000',
    maxFeePerGas: '30000000000',
    maxPriorityFeePerGas: '1000000000',
  } as const
  const REQUEST: SignRequest = { kind: 'transaction', transaction: TRANSACTION }

  it.each([
    ['another nonce', { nonce: 8 }],
    ['another gas limit', { gas: '21001' }],
    ['another fee', { maxFeePerGas: '30000000001' }],
    ['another tip', { maxPriorityFeePerGas: '1000000001' }],
  ])('is not signed with %s than the token says', async (_, change) => {
    const user = await signIn()
    const token = await mint(user.subject, 'wallet:sign', { ...detailsOf(REQUEST) })
    const request = { kind: 'transaction', transaction: { ...TRANSACTION, ...change } }
    expect(await expectRefused(user, '/api/wallet/sign', request, token)).toBe('details_mismatch')
    expect((await user.post('/api/wallet/sign', REQUEST, token)).status).toBe(200)
  })
})
