// The proof, which is the result of every method of a step-up.
import type { Acr, Method } from '../../../contract/index.ts'

/**
 * A key that can be claimed once. With an `ordinal`, it can be claimed again with a larger one: a TOTP step is
 * accepted at most once, and never after a newer step.
 */
export interface SingleUseKey {
  key: string
  ordinal?: number
  /** When the key can be deleted, because the value that it protects has expired. Null means never. */
  expiresAt: number | null
}

/** The proof of a verified user: the factor, the level that it reached, and the single-use keys to claim. */
export interface Proof {
  /** A factor's id, `recovery` or `assertion`. Removing the factor ends the tokens that came from it. */
  factorId: string
  method: Method
  /** Authentication methods (RFC 8176). */
  amr: string[]
  acr: Acr
  authTime: number
  singleUseKeys: SingleUseKey[]
}
