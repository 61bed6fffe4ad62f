// The DPoP proofs of calls (RFC 9449): of a call of the service itself, and of a call that a resource passes on.
import { DPOP_HEADER, type PresentedDpop } from '../../contract/index.ts'
import type { Context } from '../callers/identify.ts'
import { epochSeconds } from '../clock.ts'
import { refuse } from '../domain/refusal.ts'
import { checkDpop, type KeyProof } from '../domain/tokens/dpop.ts'
import type { OwnToken } from '../domain/tokens/token.ts'
import type { LiveEnvironment } from '../edge/environment.ts'

/** Returns the proof that came with a call of the service. Its address comes from the configuration. */
export function dpopOf({ headers, bindings, path }: Context): PresentedDpop | undefined {
  const proof = headers.get(DPOP_HEADER)
  return proof === null ? undefined : { proof, method: 'POST', url: bindings.publicUrl + path }
}

/**
 * Verifies the proof of a call that asks for tokens.
 *
 * @returns undefined if the call came without a proof
 * @throws Refused `proof_invalid`, `use_dpop_nonce`
 */
export const checkClientKey = async (
  context: Context,
  environment: LiveEnvironment,
): Promise<KeyProof | undefined> => {
  const presented = dpopOf(context)
  return presented && check(environment, presented, {})
}

/**
 * Verifies the proof of a call that presents a token. A token without a key needs none.
 *
 * @param text the token as it was presented
 * @throws Refused `proof_required`, `proof_invalid`, `use_dpop_nonce`
 */
export async function checkTokenKey(
  environment: LiveEnvironment,
  { claims: { cnf } }: OwnToken,
  text: string,
  presented: PresentedDpop | undefined,
): Promise<KeyProof | undefined> {
  if (!cnf) return undefined
  return check(environment, presented ?? refuse('proof_required'), { token: text, jkt: cnf.jkt })
}

const check = (
  { settings, secrets }: LiveEnvironment,
  { proof, method, url }: PresentedDpop,
  bound: { token?: string; jkt?: string },
): Promise<KeyProof> => {
  const nonceKey = settings.senderConstrained === 'dpopNonce' ? secrets().dataKey : undefined
  return checkDpop(proof, { method, url, now: epochSeconds(), ...bound }, nonceKey)
}
