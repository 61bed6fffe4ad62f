// The rules of a wallet: what may change it, when, and what it is afterwards. Pure; the Wallet object
// keeps what comes out, and custody.ts makes the shares.
import { accessText, type Decision, type Holder, type PublicShare } from '../shared/view.ts'
import type { SetRef } from './shares.ts'

/** All that is known of a wallet. */
export interface WalletDocument {
  address: string
  set: SetRef
  shares: PublicShare[]
  /** Who made it for the user, as long as they have not claimed it. */
  madeBy: string | null
  delegation: { to: string; subject: string; state: 'pending' | 'approved' } | null
  /** What the user wants at their next sign-in; `signIn` counts the one at which they said so. */
  wanted: { decision: Decision; signIn: number } | null
}

/** A change that gives a wallet new shares. */
export type Change =
  | { kind: 'claim' }
  | { kind: 'delegate'; to: string; subject: string }
  | { kind: 'reshare'; decision: Decision; to: string; signIn: number }

export const OWN_HOLDERS: readonly Holder[] = ['vault', 'custodian']

/** Why a wallet cannot be used, or undefined. */
export const notUsable = ({ madeBy }: WalletDocument): string | undefined =>
  madeBy === null ? undefined : 'This wallet was made for you: claim it first.'

/** Why a change may not happen, or undefined. */
export function notChangeable(wallet: WalletDocument, change: Change): string | undefined {
  if (change.kind === 'claim')
    return wallet.madeBy === null ? 'There is nothing to claim: the wallet is yours.' : undefined
  const unusable = notUsable(wallet)
  if (unusable) return unusable
  if (change.kind === 'delegate')
    return wallet.delegation
      ? `Access is delegated to ${wallet.delegation.to} already: revoke that first.`
      : undefined
  const due = dueReshare(wallet, change.signIn)
  if (!due) return 'No reshare is due: say what you want, then sign in again.'
  return due === change.decision && wallet.delegation?.to === change.to
    ? undefined
    : 'You want something else by now: look again.'
}

/** Why nothing can be wanted of the delegation, or undefined. */
export function notWantable(wallet: WalletDocument, decision: Decision): string | undefined {
  const unusable = notUsable(wallet)
  if (unusable) return unusable
  if (!wallet.delegation) return 'Access is delegated to nobody.'
  if (decision === 'approve' && wallet.delegation.state === 'approved')
    return `The access of ${wallet.delegation.to} is approved already.`
  return undefined
}

/** What is to be confirmed in a session: what was wanted before it began. */
export const dueReshare = ({ wanted }: WalletDocument, signIn: number): Decision | undefined =>
  wanted && signIn > wanted.signIn ? wanted.decision : undefined

/** Who holds a share after a change. */
export const holdersAfter = (change: Change): readonly Holder[] =>
  change.kind === 'reshare' && change.decision === 'approve'
    ? [...OWN_HOLDERS, 'delegate']
    : OWN_HOLDERS

/** The wallet after a change. Its address is the same by construction. */
export function after(
  wallet: WalletDocument,
  change: Change,
  next: Pick<WalletDocument, 'set' | 'shares'>,
): WalletDocument {
  const changed = { ...wallet, ...next }
  if (change.kind === 'claim') return { ...changed, madeBy: null }
  if (change.kind === 'delegate') {
    const { to, subject } = change
    return { ...changed, delegation: { to, subject, state: 'pending' } }
  }
  const { delegation } = wallet
  const approved = change.decision === 'approve' && delegation
  return {
    ...changed,
    delegation: approved ? { ...delegation, state: 'approved' } : null,
    wanted: null,
  }
}

/** What the log says of a change. */
export function described(wallet: WalletDocument, change: Change): [event: string, detail: string] {
  const to = wallet.delegation?.to ?? ''
  if (change.kind === 'claim') return ['claimed', `made by ${wallet.madeBy}`]
  if (change.kind === 'delegate')
    return ['access offered', accessText({ to: change.to, state: 'pending' })]
  return change.decision === 'approve'
    ? ['access approved', accessText({ to, state: 'approved' })]
    : ['access revoked', `the share of ${to} no longer works`]
}
