// A proof: what every factor ends in, whatever its ceremony was.
import type { Acr, Method } from '../../../contract/index.ts'

/**
 * A key that may be claimed once, or, with an `ordinal`, only with a larger one than before
 * (a TOTP step is accepted at most once, and never an older one after a newer one).
 */
export interface SingleUseKey {
  key: string
  ordinal?: number
  /** When the key may be forgotten, because nothing that it protects is valid any more. Null: never. */
  expiresAt: number | null
}

/** Who a user proved to be, by which factor, and what that used up. */
export interface Proof {
  /** A factor's id, or `recovery` or `assertion`. Removing it ends the token. */
  factorId: string
  method: Method
  /** Authentication methods (RFC 8176). */
  amr: string[]
  acr: Acr
  authTime: number
  singleUseKeys: SingleUseKey[]
}
