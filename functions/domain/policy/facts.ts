// What decides every check of a user: what they have, and when they last stepped up.
import type { SubjectFacts } from '../../../contract/index.ts'
import { isUsable } from '../factors/passkey.ts'

/** The facts as the user's object stores them. Times are epoch seconds. */
export interface StoredFacts {
  enrolled: 0 | 1
  totp: 0 | 1
  /** The relying party of each passkey; null if it was not stored. */
  passkeys: (string | null)[]
  recovery: 0 | 1
  confirmedAt: number | null
  usedAt: number | null
  steppedUpAt: number | null
}

/** The facts about a user of whom nothing is stored. */
export const NOBODY: SubjectFacts = {
  enrolled: false,
  totp: false,
  passkey: false,
  recovery: false,
}

/**
 * Returns what a user has, and how long ago their newest factor was confirmed and their last step-up passed.
 *
 * @param stored the JSON text of `StoredFacts`, or undefined for a user of whom nothing is stored
 * @param rpId only passkeys of this relying party count
 * @example parseFacts(await object.storedFacts({ epoch }), 'example.com', epochSeconds())
 */
export function parseFacts(stored: string | undefined, rpId: string, now: number): SubjectFacts {
  if (stored === undefined) return NOBODY
  const found: StoredFacts = JSON.parse(stored)
  const { confirmedAt } = found
  const steppedUpAt = Math.max(found.steppedUpAt ?? 0, found.usedAt ?? 0)
  return {
    enrolled: found.enrolled === 1,
    totp: found.totp === 1,
    passkey: found.passkeys.some((own) => isUsable(own === null ? {} : { rpId: own }, rpId)),
    recovery: found.recovery === 1,
    ...(confirmedAt && { newestFactorAgeSeconds: Math.max(0, now - confirmedAt) }),
    ...(steppedUpAt > 0 && { lastStepUpAgeSeconds: Math.max(0, now - steppedUpAt) }),
  }
}
