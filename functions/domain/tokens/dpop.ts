// DPoP proofs at the service (RFC 9449): verified for a call, with the key under which each is claimed, and the
// nonces of an environment.
import {
  DPOP_FAULTS,
  DPOP_SECONDS,
  type DpopUse,
  verifyDpop,
} from '../../../contract/shared/dpop.ts'
import { deriveKey, hashParts, hmacSha256, toBase64Url, utf8 } from '../bytes.ts'
import type { SingleUseKey } from '../factors/proof.ts'
import { refuse } from '../refusal.ts'

const NONCE_SECONDS = 300

/** The verified proof of a client's key. The object claims it in the transaction that it is used in. */
export interface KeyProof {
  /** The thumbprint of the key (RFC 7638). */
  jkt: string
  singleUseKey: SingleUseKey
}

/**
 * Verifies a proof for a call.
 *
 * @param nonceKey the environment's data key, if its proofs need a nonce
 * @throws Refused `proof_invalid` with the fault, `use_dpop_nonce` with a fresh nonce
 */
export async function checkDpop(
  proof: string,
  use: DpopUse,
  nonceKey: Uint8Array | undefined,
): Promise<KeyProof> {
  const verified = await verifyDpop(proof, use)
  if ('fault' in verified) {
    const where = verified.fault === 'htu' ? `: ${use.url}` : ''
    refuse('proof_invalid', {
      message: `The DPoP proof was refused: ${DPOP_FAULTS[verified.fault]}${where}.`,
    })
  }
  const { jkt, jti, iat, nonce } = verified
  if (nonceKey) {
    const [dpopNonce, previous] = noncesAt(nonceKey, use.now)
    if (nonce !== dpopNonce && nonce !== previous) refuse('use_dpop_nonce', { dpopNonce })
  }
  const key = `dpop:${toBase64Url(hashParts(jkt, jti))}`
  return { jkt, singleUseKey: { key, expiresAt: Math.ceil(iat) + DPOP_SECONDS + 1 } }
}

/** Returns the nonces that are accepted at a time: that of the current five minutes, and the one before. */
function noncesAt(dataKey: Uint8Array, now: number): [current: string, previous: string] {
  const of = (at: number) => {
    const period = utf8(`${Math.floor(at / NONCE_SECONDS)}`)
    return toBase64Url(hmacSha256(deriveKey(dataKey, 'countersign/dpop-nonce'), period))
  }
  return [of(now), of(now - NONCE_SECONDS)]
}
