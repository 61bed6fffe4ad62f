// A key and its shares: Shamir's scheme over GF(256), by an audited library. state/keepers.ts keeps
// shares, and custody.ts changes them.
import { createHash } from 'node:crypto'
import { combine, split } from 'shamir-secret-sharing'
import { bytesToHex, type Hex, hexToBytes } from 'viem'
import type { Holder } from '../shared/view.ts'

export const THRESHOLD = 2
const FINGERPRINT_DIGITS = 16

/** One set of shares of a key. Shares of two sets never make the key together. */
export interface SetRef {
  generation: number
  /** Tells apart what two callers made for the same generation, of which at most one is used. */
  attempt: string
}

/** Splits a key into one share for each holder, any two of which make it. */
export async function splitKey(
  key: Hex,
  holders: readonly Holder[],
): Promise<{ holder: Holder; share: Uint8Array }[]> {
  const bytes = hexToBytes(key)
  try {
    const shares = await split(bytes, holders.length, THRESHOLD)
    return holders.map((holder, index) => ({ holder, share: shares[index] ?? new Uint8Array() }))
  } finally {
    bytes.fill(0)
  }
}

/** The key that shares of one set make. Of anything else they make another number, or none. */
export async function combineShares(shares: Uint8Array[]): Promise<Hex> {
  const bytes = await combine(shares)
  try {
    return bytesToHex(bytes)
  } finally {
    bytes.fill(0)
  }
}

/** What may be shown of a share. A share is 33 random bytes, so its hash says nothing of it. */
export const fingerprintOf = (share: Uint8Array): string =>
  createHash('sha256').update(share).digest('hex').slice(0, FINGERPRINT_DIGITS)
