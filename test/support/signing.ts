// The signing key of an environment, for tokens that the service could sign and never does.
import { env } from 'cloudflare:workers'
import { importJWK, type JWK } from 'jose'
import { openEnvironment } from '../../functions/edge/environment.ts'
import { readBindings } from '../../functions/env.ts'

/** A signing key, private and public. */
export interface SigningPair {
  kid: string
  key: CryptoKey
  publicJwk: JWK
  publicKey: CryptoKey
}

/** The key that signs for an environment now. */
export async function signingKeyOf(environment: string): Promise<SigningPair> {
  const { keySet, secrets } = await openEnvironment(readBindings(env), environment)
  const { kid, key } = await secrets().signingKey()
  const publicJwk = keySet.keys.find((published) => published.kid === kid)
  if (!publicJwk) throw new Error('the key that signs is not published')
  const publicKey = await importJWK(publicJwk as JWK, 'ES256', { extractable: true })
  if (publicKey instanceof Uint8Array) throw new TypeError('a signing key is not asymmetric')
  return { kid, key, publicJwk: publicJwk as JWK, publicKey }
}
