// Helpers for the tests of the rules: an action with a rule, a signer of tokens, and a refusal as a value. They
// run on Node without the service.
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'
import type { Offered, Rule } from '../../contract/index.ts'
import type { Action } from '../../functions/domain/policy/policy.ts'
import { type Refusal, Refused } from '../../functions/domain/refusal.ts'

export const NOW = 1_800_000_000
export const ISSUER = 'https://countersign.example/live'
export const RESOURCE = 'https://api.example'

export const RULE: Rule = {
  require: 'whenEnrolled',
  methods: ['totp', 'passkey', 'recovery'],
  acr: 'mfa',
  singleUse: false,
  lifetimeSeconds: 600,
  freshnessSeconds: 600,
  details: 'optional',
  acceptsMfaToken: false,
  dpop: false,
  mode: 'enforce',
}
export const EVERYTHING: Offered = { totp: true, passkey: true, recovery: true, assertion: 'mfa' }

/** An action by its rule, where that differs from the usual one. */
export const actionBy = (rule: Partial<Rule> = {}, more: Partial<Action> = {}): Action => ({
  action: 'order.refund',
  scope: 'orders:refund',
  audience: RESOURCE,
  rule: { ...RULE, ...rule },
  conditional: false,
  stricter: [],
  ...more,
})

/** The refusal that something ends in. Anything else that it does fails the test. */
export function refusalOf(run: () => unknown): Refusal {
  try {
    const value = run()
    throw new Error(`not refused: ${JSON.stringify(value)}`)
  } catch (error) {
    if (error instanceof Refused) return error.refusal
    throw error
  }
}

/** The same for what takes its time. */
export async function laterRefusalOf(running: Promise<unknown>): Promise<Refusal> {
  const outcome = await running.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  if ('error' in outcome) return refusalOf(() => raise(outcome.error))
  throw new Error(`not refused: ${JSON.stringify(outcome.value)}`)
}

function raise(error: unknown): never {
  throw error
}

/** Somebody who signs tokens, and their key set. */
export interface TestSigner {
  kid: string
  key: CryptoKey
  keySet: { keys: JWK[] }
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>
}

export async function signerOf(kid = 'k1', alg = 'ES256'): Promise<TestSigner> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const keySet = { keys: [{ ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }] }
  const sign = (claims: JWTPayload, header: Record<string, unknown> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
  return { kid, key: privateKey, keySet, sign }
}

/** Bytes that count up from a number, in place of random ones. */
export const counting =
  (from = 0) =>
  (length: number): Uint8Array =>
    Uint8Array.from({ length }, (_, index) => (from + index) % 256)
