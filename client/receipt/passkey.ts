// Verifies the signature of a passkey (WebAuthn Level 3, section 7.2) with nothing but what a receipt contains.
import type { PasskeyProof, Receipt } from '../../contract/receipt.ts'
import { canonical } from '../../contract/shared/details.ts'
import { STATEMENT_TAG } from '../../contract/shared/receipt.ts'
import { type Bytes, concat, fromBase64Url, sha256, toBase64Url, utf8 } from './bytes.ts'

const STEP_UP_PURPOSE = 'step_up'
const USER_PRESENT_AND_VERIFIED = 0b101
/** The length of the RP id hash, the flags and the counter together (section 6.1). */
const AUTHENTICATOR_DATA_MIN_BYTES = 37
const COORDINATE_BYTES = 32

/** How WebCrypto imports the keys of an algorithm and verifies with them, and how it reads a signature. */
interface Algorithm {
  params: Parameters<typeof crypto.subtle.importKey>[2] & object & { name: string; hash?: string }
  signature: (signature: Bytes) => Bytes
}

const asItIs = (signature: Bytes): Bytes => signature
const ALGORITHMS: Record<string, Algorithm> = {
  ES256: {
    params: { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' },
    signature: rawSignature,
  },
  EdDSA: { params: { name: 'Ed25519' }, signature: asItIs },
  RS256: { params: { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }, signature: asItIs },
}

/**
 * Returns the origin of the page on which a passkey signed the statement of a receipt, or undefined if it did not
 * sign it.
 */
export async function originOf(
  passkey: PasskeyProof,
  receipt: Receipt,
): Promise<string | undefined> {
  const { rpId, statement } = passkey
  if (!isAbout(statement, receipt)) return undefined
  const clientDataBytes = fromBase64Url(passkey.clientDataJSON)
  const clientData = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(clientDataBytes))
  const challenge = await sha256(utf8(STATEMENT_TAG), utf8(canonical(statement)))
  if (clientData.type !== 'webauthn.get' || clientData.challenge !== toBase64Url(challenge))
    return undefined
  if (clientData.crossOrigin || 'topOrigin' in clientData) return undefined
  const data = fromBase64Url(passkey.authenticatorData)
  const rpIdHash = toBase64Url(await sha256(utf8(rpId)))
  const flags = data[COORDINATE_BYTES] ?? 0
  const isForUser =
    data.length >= AUTHENTICATOR_DATA_MIN_BYTES &&
    toBase64Url(data.slice(0, COORDINATE_BYTES)) === rpIdHash &&
    (flags & USER_PRESENT_AND_VERIFIED) === USER_PRESENT_AND_VERIFIED
  const signed = concat(data, await sha256(clientDataBytes))
  return isForUser && (await isSigned(passkey, signed)) ? String(clientData.origin) : undefined
}

/** The token of the deprecated kind has no scope and no details, so only an elevated one is compared with them. */
const isAbout = (
  { iss, sub, purpose, scope, details }: PasskeyProof['statement'],
  { token, ...receipt }: Receipt,
): boolean =>
  iss === receipt.iss &&
  sub === receipt.sub &&
  purpose === STEP_UP_PURPOSE &&
  (token.kind === 'mfa' || (scope === token.scopes.join(' ') && details === receipt.details?.hash))

async function isSigned({ publicKey, signature }: PasskeyProof, signed: Bytes): Promise<boolean> {
  const { alg = '', ...jwk } = publicKey
  const known = ALGORITHMS[alg]
  if (!known) return false
  const key = await crypto.subtle.importKey('jwk', jwk, known.params, false, ['verify'])
  const bytes = known.signature(fromBase64Url(signature))
  return crypto.subtle.verify(known.params, key, bytes, signed)
}

/** Returns r ‖ s of a signature in DER (RFC 3279, section 2.2.3). */
function rawSignature(der: Bytes): Bytes {
  const rLength = der[3] ?? 0
  const integers = [der.slice(4, 4 + rLength), der.slice(6 + rLength)]
  return concat(
    ...integers.map((integer) => {
      const digits = integer.slice(Math.max(0, integer.length - COORDINATE_BYTES))
      return concat(new Uint8Array(COORDINATE_BYTES - digits.length), digits)
    }),
  )
}
