// A signer of tokens: an application's login or its backend.
import { exportJWK, generateKeyPair, type JWK, type JWTPayload, SignJWT } from 'jose'

/** Somebody who signs tokens. */
export interface Signer {
  publicJwk: JWK
  publicKey: CryptoKey
  privateKey: CryptoKey
  sign(claims: JWTPayload, header?: Record<string, unknown>): Promise<string>
}

/** A key pair of somebody who signs tokens, and the tokens that they sign. */
export async function makeSigner(alg = 'ES256', kid = 'k1'): Promise<Signer> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true })
  const publicJwk = { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' }
  const sign = (claims: JWTPayload, header: Record<string, unknown> = {}) =>
    new SignJWT(claims).setProtectedHeader({ alg, kid, ...header }).sign(privateKey)
  return { publicJwk, publicKey, privateKey, sign }
}
