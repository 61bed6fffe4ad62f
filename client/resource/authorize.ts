// Authorizes a call: checks everything of its token that can be checked offline, then makes one call to Countersign,
// which decides by the policy and consumes the token.
import type { PresentedDpop } from '../../contract/index.ts'
import type { VerifiedToken } from '../../contract/shared/token-use.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import { refuse, unavailable } from './answers.ts'
import type { Keys } from './jws.ts'
import { type Kept, REFETCH_SECONDS } from './kept.ts'
import { isPermit, type Rules } from './rules.ts'
import { LostReply, type Service } from './service.ts'
import type { Allowed, GuardedCall, GuardOptions } from './types.ts'
import { checkUse, type Use } from './use.ts'
import { verifyToken } from './verify.ts'

/** The options, caches and connection of a guard. */
export interface Workings {
  options: GuardOptions
  issuer: string
  now: () => number
  service: Service
  rules: Kept<Rules>
  keys: Kept<Keys>
}

/** A call with the rule and the bound details of its action. */
export type Asked = Use & Omit<GuardedCall, 'details'>

/** A token that is valid for a use, and the verified proof of the key that it is bound to. */
export interface Checked extends Pick<VerifiedToken, 'kind' | 'claims'> {
  presented: string
  dpop?: PresentedDpop | undefined
}

/**
 * Verifies a token and its proof, and checks whether it is valid for a use. Makes no call about the token.
 *
 * @throws GuardRefusal with the reason why the token is not valid for this use; the error of a fetch of rules or
 *   keys
 */
export async function checkToken(
  { options, issuer, keys, now, rules }: Workings,
  presented: string,
  use: Asked,
): Promise<Checked> {
  const token = await verifyToken(presented, keys, issuer, now)
  // A token of a later epoch means that the cached rules are too old.
  const known = await rules()
  const { epoch } = token.claims.epoch > known.epoch ? await rules(REFETCH_SECONDS) : known
  if (token.claims.epoch !== epoch) refuse('token_revoked')
  checkUse(token, { ...use, issuer, audience: options.audience, now: now() })
  const { cnf } = token.claims
  // A guard without `dpop` takes no token that is bound to a key (RFC 9449).
  if (cnf && !options.dpop) refuse('token_invalid')
  const dpop = cnf && (await options.dpop?.check({ ...use, presented, cnf, now }))
  return { ...token, presented, dpop }
}

/**
 * Asks Countersign whether an action may run, and lets it consume the token if the action needs one.
 *
 * @param token a token that `checkToken` accepted
 * @throws GuardRefusal with the reason and the requirement that Countersign gave
 */
export async function authorize(
  { service }: Workings,
  use: Asked,
  token?: Checked,
): Promise<Allowed> {
  const { action, subject, sessionId, sessionToken, country, details, requireDetails, rule } = use
  const { presented, dpop, claims } = token ?? {}
  // JSON leaves out members that are undefined.
  const input = {
    action,
    subject,
    sessionId: token && sessionId,
    token: presented,
    dpop,
    details: details?.sent,
    requireDetails,
    context: {
      // Only conditions read it.
      sessionToken: rule.conditional ? sessionToken : undefined,
      // Some networks have no country or an invented one, such as T1. Both count as unknown.
      country: /^[A-Z]{2}$/.test(`${country}`) ? country : undefined,
    },
    // With this key, a retry of this call counts as the same use.
    idempotencyKey: token && crypto.randomUUID(),
  }
  const call = () => service.call('action.authorize', input)
  const answer = await call().catch((cause) =>
    token && cause instanceof LostReply ? call() : Promise.reject(cause),
  )
  if (isRecord(answer) && answer.authorized === true) {
    const { by, decision } = answer
    if (by === 'policy' && isPermit(decision, rule)) return { allowed: true, by, decision }
    if (by === 'token' && claims && isAbout(answer.claims, claims))
      return { allowed: true, by, claims }
  }
  return unavailable('action.authorize returned an unexpected response.')
}

const isAbout = (answered: unknown, { jti, sub }: VerifiedToken['claims']): boolean =>
  isRecord(answered) && answered.jti === jti && answered.sub === sub
