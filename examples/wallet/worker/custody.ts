// Custody: a key is made, used and given new shares, and is whole only within one of these calls. A
// crash at any point leaves the set in use whole: the next one is written first, then put to use in one
// transaction of the Wallet object, and older ones are removed after that.
import type { Hex } from 'viem'
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts'
import type { Holder, PublicShare } from '../shared/view.ts'
import type { WalletEnv } from './env.ts'
import { refuse } from './problem.ts'
import { type Change, holdersAfter, OWN_HOLDERS } from './rules.ts'
import { combineShares, fingerprintOf, type SetRef, splitKey } from './shares.ts'
import type { CurrentWallet } from './state/wallet.ts'

/** How often a set is looked for again that was replaced between two questions. */
const TRIES = 3

const newSet = (generation: number): SetRef => ({ generation, attempt: crypto.randomUUID() })

export const walletObject = (env: WalletEnv, subject: string) => env.WALLET.getByName(subject)

/** Who keeps a share of a user's key: the user's own two objects, or the delegate's. */
function keeperOf(env: WalletEnv, holder: Holder, subject: string, delegate: string | undefined) {
  if (holder === 'vault') return env.VAULT.getByName(subject)
  if (holder === 'custodian') return env.CUSTODIAN.getByName(subject)
  return env.DELEGATE.getByName(delegate ?? refuse('conflict', 'Access is delegated to nobody.'))
}

/**
 * Makes a wallet for a user who has none.
 *
 * @returns its address, or why none was made
 * @param madeBy the name of the user who makes it for somebody else
 */
export async function makeWallet(
  env: WalletEnv,
  subject: string,
  madeBy: string | null,
): Promise<{ address: string } | { refused: string }> {
  const key = generatePrivateKey()
  const set = newSet(1)
  const write = await spread(env, key, { subject, holders: OWN_HOLDERS, set, delegate: undefined })
  const address = privateKeyToAddress(key)
  const shares = write.shares
  const made = await walletObject(env, subject).create({ address, set, shares, madeBy })
  if (!('refused' in made)) return { address }
  await write.undo()
  return made
}

/**
 * Uses the key of a user's wallet.
 *
 * @example const signature = await withKey(env, subject, (key) => signWith(key))
 */
export async function withKey<T>(
  env: WalletEnv,
  subject: string,
  use: (key: Hex, current: CurrentWallet) => T | Promise<T>,
): Promise<T> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const current = await walletObject(env, subject).current()
    if (!current) return refuse('not_found', 'There is no wallet for this name.')
    const shares = await Promise.all(
      OWN_HOLDERS.map((holder) =>
        keeperOf(env, holder, subject, undefined).give(subject, current.set),
      ),
    )
    const whole = shares.filter((share) => share !== undefined)
    // The set was replaced between the two questions, and its shares are gone: ask for the new one.
    if (whole.length < OWN_HOLDERS.length) continue
    const key = await combineShares(whole)
    if (privateKeyToAddress(key) !== current.address)
      return refuse('unavailable', 'The shares do not make the key of this wallet.')
    return use(key, current)
  }
  return refuse('unavailable', 'A share of this wallet cannot be reached: try again.')
}

/**
 * Gives a wallet new shares of the same key.
 *
 * @throws Problem `conflict` where the change may not happen, or another one came first
 */
export async function redistribute(env: WalletEnv, subject: string, change: Change): Promise<void> {
  const { from, delegate, set, write } = await withKey(env, subject, async (key, current) => {
    const from = current.set
    // The delegate of the set in use. If that one changes meanwhile, the new set is discarded.
    const delegate = current.delegation?.subject
    const set = newSet(from.generation + 1)
    const order = { subject, holders: holdersAfter(change), set, delegate }
    return { from, delegate, set, write: await spread(env, key, order) }
  })
  const switched = await walletObject(env, subject).switchTo(change, from, {
    set,
    shares: write.shares,
  })
  if ('refused' in switched) {
    await write.undo()
    return refuse('conflict', switched.refused)
  }
  const holders: Holder[] = delegate === undefined ? [...OWN_HOLDERS] : [...OWN_HOLDERS, 'delegate']
  // The change has happened. What cannot be removed now is removed after the next one.
  await Promise.allSettled(
    holders.map((holder) => keeperOf(env, holder, subject, delegate).prune(subject, set)),
  )
}

interface Spreading {
  subject: string
  holders: readonly Holder[]
  set: SetRef
  delegate: string | undefined
}

/** Splits a key and hands every holder their share; what is public of them, and how to undo it. */
async function spread(
  env: WalletEnv,
  key: Hex,
  { subject, holders, set, delegate }: Spreading,
): Promise<{ shares: PublicShare[]; undo(): Promise<void> }> {
  const parts = await splitKey(key, holders)
  const keeper = (holder: Holder) => keeperOf(env, holder, subject, delegate)
  await Promise.all(parts.map(({ holder, share }) => keeper(holder).keep(subject, set, share)))
  return {
    shares: parts.map(({ holder, share }) => ({ holder, fingerprint: fingerprintOf(share) })),
    undo: async () => {
      await Promise.all(holders.map((holder) => keeper(holder).drop(subject, set)))
    },
  }
}
