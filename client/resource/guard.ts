// The guard: decides whether a call may run. It reads the rules, verifies the token, and then asks Countersign once,
// which decides by the policy and consumes the token.
import { isChallenge } from '../../contract/shared/challenge.ts'
import { requirementOf } from '../../contract/shared/rule.ts'
import { isRecord, TOKEN_HEADER } from '../../contract/shared/wire.ts'
import { answerTo, GuardRefusal, refuse, unavailable } from './answers.ts'
import { type Asked, authorize, type Checked, checkToken, type Workings } from './authorize.ts'
import { type BoundDetails, bindDetails } from './details.ts'
import { fetchHandler, honoMiddleware, nodeMiddleware } from './frameworks.ts'
import { keep, REFETCH_SECONDS } from './kept.ts'
import { type ListedRule, readRules } from './rules.ts'
import { openService } from './service.ts'
import { isText } from './shapes.ts'
import type {
  Allowed,
  Blocked,
  CallHeaders,
  Guard,
  GuardedCall,
  GuardOptions,
  Verdict,
} from './types.ts'
import { readKeys } from './verify.ts'

/**
 * Creates the guard of one resource. Create it once, not for each request: it caches rules and keys for a
 * minute.
 *
 * @param options the address of Countersign, and the resource and its key
 * @returns `requireStepUp` for Hono, `requireStepUpFetch` for a `fetch` handler, `requireStepUpNode` for
 *   Express and plain `http`, and `check`, which the other three call
 * @throws TypeError if an option is missing. If `audience` is not the audience of `resourceKey`, every call
 *   is refused with a 503 that names both
 * @example
 * const guard = createGuard({
 *   url: 'https://countersign.example',
 *   environment: 'live',
 *   audience: 'https://wallet.example',
 *   resourceKey: env.COUNTERSIGN_RESOURCE_KEY,
 * })
 * const subject = (c: Context<App>) => c.get('userId')
 * app.post('/export', guard.requireStepUp({ action: 'wallet.waas.export', subject }), (c) =>
 *   c.json(exportWallet(c.get('userId'))),
 * )
 */
export function createGuard(options: GuardOptions): Guard {
  for (const name of ['url', 'environment', 'audience', 'resourceKey'] as const) {
    if (!isText(options[name])) throw new TypeError(`createGuard: \`${name}\` is missing`)
  }
  const service = openService(options)
  const now = options.now ?? (() => Math.floor(Date.now() / 1000))
  const workings: Workings = {
    options,
    issuer: options.issuer ?? service.base,
    now,
    service,
    rules: keep(
      async () => readRules(await service.call('policy.list', {}), options.audience),
      now,
    ),
    keys: keep(async () => readKeys(await service.read('/.well-known/jwks.json')), now),
  }
  // An allowed call passes one `catch`, because each makes another promise.
  const check = (call: GuardedCall | Promise<GuardedCall>): Promise<Verdict> =>
    decide(workings, call).catch((cause) =>
      Promise.reject(cause).catch(options.dpop?.rethrow).catch(block),
    )
  return {
    check,
    requireStepUp: (rule) => honoMiddleware(check, rule),
    requireStepUpFetch: (rule, handler) => fetchHandler(check, rule, handler),
    requireStepUpNode: (rule) => nodeMiddleware(check, rule),
  }
}

/** Returns the refusal for an error. Any unknown error is `unavailable`. */
function block(cause: unknown): Blocked {
  const { reason, members } =
    cause instanceof GuardRefusal ? cause : new GuardRefusal('unavailable', { cause })
  const { requirement, cause: why, response = answerTo(reason, members) } = members
  return {
    allowed: false,
    reason,
    response,
    ...(requirement && { requirement }),
    ...(why !== undefined && { cause: why }),
  }
}

async function decide(
  workings: Workings,
  asked: GuardedCall | Promise<GuardedCall>,
): Promise<Allowed> {
  const call = await asked
  checkForm(call)
  const presented = presentedIn(call.headers, workings.options)
  const listed = await listedRule(workings, call.action)
  const details = call.details && bindDetails(call.details, call.action)
  const requireDetails = call.requireDetails ?? !!details
  if (requireDetails && listed.details === 'none' && !listed.conditional)
    unavailable(`The rule of ${call.action} ignores details: make them required.`)
  // If the application gives details, the token must be bound to them, even if the rule says `optional`.
  const isRequired = requireDetails && listed.details === 'optional'
  const rule: ListedRule = isRequired ? { ...listed, details: 'required' } : listed
  const use = { ...call, rule, details, requireDetails }
  try {
    return await (presented === undefined
      ? authorize(workings, use)
      : spend(workings, presented, use))
  } catch (cause) {
    throw cause instanceof GuardRefusal ? explain(cause, rule, details) : cause
  }
}

/** Authorizes a call with a token. A token with a fault is not sent. */
async function spend(workings: Workings, presented: string, use: Asked): Promise<Allowed> {
  const asks = mustAsk(use.rule)
  let token: Checked
  try {
    token = await checkToken(workings, presented, use)
  } catch (fault) {
    if (!asks) throw fault
    // The policy may permit the call without a token.
    return authorize(workings, use).catch((refused) => Promise.reject(refusalFor(fault, refused)))
  }
  const { kind, claims } = token
  const isOffline = workings.options.revocation === 'offline' && !asks
  if (isOffline && kind === 'elevated' && !claims.singleUse)
    // Without a call, nobody would claim the proof of a bound token.
    return claims.cnf ? refuse('token_invalid') : { allowed: true, by: 'token', claims }
  return authorize(workings, use, token)
}

/** Chooses between two refusals: the fault of the token, and what the policy asks of a call without one. */
function refusalFor(fault: unknown, refused: unknown): unknown {
  if (!(refused instanceof GuardRefusal && isChallenge(refused.reason))) return refused
  if (!(fault instanceof GuardRefusal && isChallenge(fault.reason))) return fault
  const { reason, members } = fault
  const { requirement } = refused.members
  return reason === 'step_up_required'
    ? refused
    : new GuardRefusal(reason, { ...members, requirement })
}

/** Checks the types of a call at runtime, for applications without a type check. */
function checkForm({ subject, sessionId, sessionToken, country, details = {} }: GuardedCall): void {
  if (!isText(subject)) refuse('unauthenticated')
  const texts = [sessionId, sessionToken, country]
  if (texts.some((value = '') => typeof value !== 'string') || !isRecord(details))
    unavailable(
      'guard: `sessionId`, `sessionToken`, `country` must be strings, `details` an object',
    )
}

/** Returns the token of a call (RFC 6750, section 2.1; RFC 9449, section 7.1). */
function presentedIn(headers: CallHeaders, { tokenHeader }: GuardOptions): string | undefined {
  const own = headers.get(TOKEN_HEADER)
  if (own !== null || tokenHeader !== 'authorization') return own ?? undefined
  return /^(?:Bearer|DPoP) +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]
}

async function listedRule({ rules }: Workings, action: string): Promise<ListedRule> {
  const known = (await rules()).byAction.get(action)
  return known ?? (await rules(REFETCH_SECONDS)).byAction.get(action) ?? refuse('unknown_action')
}

/**
 * Returns whether the listed rule does not decide by itself, because it has conditions, is in `observe` mode,
 * or denies the action with an empty list of methods.
 */
const mustAsk = ({ conditional, mode, methods }: ListedRule): boolean =>
  conditional || mode === 'observe' || methods.length === 0

/** Adds the requirement to a challenge. Refuses as a developer's fault if no step-up could meet it. */
function explain(
  refusal: GuardRefusal,
  rule: ListedRule,
  details: BoundDetails | undefined,
): GuardRefusal {
  const { reason, members } = refusal
  if (!isChallenge(reason)) return refusal
  const { requirement = requirementOf(rule) } = members
  if (requirement.details === 'required' && !details)
    return new GuardRefusal('details_required', { requirement })
  return new GuardRefusal(reason, { ...members, requirement })
}
