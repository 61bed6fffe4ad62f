// What the Worker of the floors passes to the object of a user.
import type { Assertion } from './passkey.ts'

/** A token to issue with a step-up. */
export interface Planned {
  jti: string
  scope: string
  lifetimeSeconds: number
}

/** A credential as it is stored. */
export interface Passkey {
  credentialId: string
  publicKey: JsonWebKey
  userHandle: string
  synced: boolean
  counter: number
}

/** A response to a challenge. */
export interface PasskeyCall {
  response: Assertion
  challenge: string
  origin: string
  nonce: string
  expiresAt: number
}

/** A token that an API consumes. */
export interface ConsumeCall {
  jti: string
  scope: string
  methods: string[]
  action: string
  actor: string
  /** Identifies the request, so that a repeated one gets the same answer. */
  holder: string
}
