// Keys of clients and their DPoP proofs (RFC 9449), as an honest client or an attacker writes them.
import { base64urlnopad } from '@scure/base'
import { calculateJwkThumbprint, type JWK } from 'jose'
import { signRaw } from './jwt.ts'
import { makeSigner } from './signer.ts'

/** The call that a proof is made for. */
export interface ProofFor {
  method?: string
  url: string
  token?: string | undefined
}

/** A client's key, and the proofs that it signs. Members given as undefined are left out. */
export async function makeProofKey() {
  const { publicJwk, privateKey } = await makeSigner()
  const { kty, crv, x, y } = publicJwk
  const jwk = { kty, crv, x, y } as JWK
  const proof = async (
    { method = 'POST', url, token }: ProofFor,
    claims: Record<string, unknown> = {},
    header: Record<string, unknown> = {},
  ): Promise<string> =>
    signRaw(
      privateKey,
      { typ: 'dpop+jwt', alg: 'ES256', jwk, ...header },
      {
        ...{ jti: crypto.randomUUID(), htm: method, htu: url },
        iat: Math.floor(Date.now() / 1000),
        ...(token !== undefined && { ath: await hashOf(token) }),
        ...claims,
      },
    )
  return { jwk, jkt: await calculateJwkThumbprint(jwk), privateKey, proof }
}

export type ProofKey = Awaited<ReturnType<typeof makeProofKey>>

async function hashOf(token: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(token))
  return base64urlnopad.encode(new Uint8Array(digest))
}
