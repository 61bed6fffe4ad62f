// Checks the COSE public key of a passkey. The library also accepts a truncated key, and a key whose kind or curve
// does not match its algorithm. Such a passkey could never be used.
import { importJWK, type JWK } from 'jose'
import { toBase64Url } from '../bytes.ts'

const RSA_MIN_BYTES = 256

/** Labels of a COSE key (RFC 9052, section 7.1; RFC 9053, section 7; RFC 8230, section 4). */
const COSE = { kty: 1, alg: 3, crv: -1, x: -2, y: -3, n: -1, e: -2 }

/** Maps each algorithm to the kind and curve of its keys (RFC 9053, sections 2.1 and 2.2) and to their JWK. */
const KEYS: Record<
  number,
  { alg: string; kty: number; crv?: number; jwk: (part: (label: number) => string) => JWK }
> = {
  [-7]: {
    alg: 'ES256',
    kty: 2,
    crv: 1,
    jwk: (part) => ({ kty: 'EC', crv: 'P-256', x: part(COSE.x), y: part(COSE.y) }),
  },
  [-8]: {
    alg: 'EdDSA',
    kty: 1,
    crv: 6,
    jwk: (part) => ({ kty: 'OKP', crv: 'Ed25519', x: part(COSE.x) }),
  },
  [-257]: {
    alg: 'RS256',
    kty: 3,
    jwk: (part) => ({ kty: 'RSA', n: part(COSE.n), e: part(COSE.e) }),
  },
}

/** Loads a function that returns the algorithm of a COSE key (RFC 9052, section 7.1). */
export async function coseAlgorithm(): Promise<(coseKey: Uint8Array) => unknown> {
  const { decodeCredentialPublicKey } = await import('./webauthn.ts')
  return (coseKey) => {
    const decoded: unknown = decodeCredentialPublicKey(new Uint8Array(coseKey))
    return (decoded as ReadonlyMap<number, unknown>).get(COSE.alg)
  }
}

/**
 * Makes sure that a key can verify signatures of the algorithm that it names.
 *
 * @throws Error with the fault of the key
 * @example await checkCoseKey(credential.publicKey)
 */
export async function checkCoseKey(coseKey: Uint8Array): Promise<void> {
  await importJWK(await jwkOf(coseKey))
}

/**
 * Returns a COSE key as a JWK with its `alg`.
 *
 * @throws Error if the kind or curve of the key does not match its algorithm
 */
export async function jwkOf(coseKey: Uint8Array): Promise<JWK> {
  const { decodeCredentialPublicKey } = await import('./webauthn.ts')
  const decoded: unknown = decodeCredentialPublicKey(new Uint8Array(coseKey))
  const key = decoded as ReadonlyMap<number, unknown>
  const known = KEYS[Number(key.get(COSE.alg))]
  if (!known || key.get(COSE.kty) !== known.kty)
    throw new Error('the kind of the key does not match its algorithm')
  if (known.crv !== undefined && key.get(COSE.crv) !== known.crv)
    throw new Error('the curve of the key does not match its algorithm')
  const bytesOf = (label: number): Uint8Array => {
    const bytes = key.get(label)
    return bytes instanceof Uint8Array ? bytes : new Uint8Array()
  }
  if (known.alg === 'RS256' && bytesOf(COSE.n).length < RSA_MIN_BYTES)
    throw new Error('the RSA modulus is shorter than 2048 bits')
  return { ...known.jwk((label) => toBase64Url(bytesOf(label))), alg: known.alg }
}
