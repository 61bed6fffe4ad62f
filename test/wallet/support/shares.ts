// Changes of a wallet as a user makes them, with a token for each, and the shares that they leave.
import { privateKeyToAddress } from 'viem/accounts'
import { expect } from 'vitest'
import type { WalletView } from '../../../examples/wallet/shared/view.ts'
import { subjectOf } from '../../../examples/wallet/worker/issuer.ts'
import { combineShares, type SetRef } from '../../../examples/wallet/worker/shares.ts'
import { mint } from './countersign.ts'
import { signIn, type TestUser, walletEnv } from './wallet.ts'

export async function change(user: TestUser, path: string, body: object = {}) {
  const scope = path.endsWith('reshare') ? 'wallet:reshare' : 'wallet:refresh'
  const token = await mint(user.subject, scope, await detailsFor(user, path, body))
  return user.post<WalletView>(path, body, token)
}

/** What the token of a change must say. */
async function detailsFor(user: TestUser, path: string, body: object) {
  if (path.endsWith('claim')) return { kind: 'claim' }
  if (path.endsWith('delegate')) return { kind: 'delegate', ...body }
  return { ...body, to: (await user.wallet()).delegation?.to }
}

/** A user whose wallet another one may come to. */
export async function delegated() {
  const [user, { name: to }] = [await signIn(), await signIn()]
  const { status, body } = await change(user, '/api/wallet/delegate', { to })
  expect(status, JSON.stringify(body)).toBe(200)
  return { user, to, view: body }
}

/** Says what is wanted, signs in again, and carries it out. */
export async function reshare(user: TestUser, decision: 'approve' | 'revoke') {
  expect((await user.post('/api/wallet/delegation', { decision })).status).toBe(202)
  return confirm(await signIn(user.name), decision)
}

/** Carries out what is due. */
export async function confirm(user: TestUser, decision: 'approve' | 'revoke') {
  const { status, body } = await change(user, '/api/wallet/reshare', { decision })
  expect(status, JSON.stringify(body)).toBe(200)
  return { user, view: body }
}

export const setOf = async (subject: string): Promise<SetRef> => {
  const current = await walletEnv.WALLET.getByName(subject).current()
  if (!current) throw new Error('no wallet')
  return current.set
}

export const shareOf = async (holder: 'VAULT' | 'CUSTODIAN', subject: string, set: SetRef) =>
  (await walletEnv[holder].getByName(subject).give(subject, set)) as Uint8Array | undefined

export const delegateShare = async (to: string, owner: string, set: SetRef) =>
  (await walletEnv.DELEGATE.getByName(subjectOf(to)).give(owner, set)) as Uint8Array | undefined

/** The address that some shares lead to; none where they make no key. */
export const addressOf = async (...shares: (Uint8Array | undefined)[]) =>
  combineShares(shares.filter((share) => share !== undefined)).then(
    (key) => privateKeyToAddress(key),
    () => undefined,
  )
