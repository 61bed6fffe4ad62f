// The guard: decides whether a call may run. It reads the rules, asks the policy if needed, verifies the token,
// and consumes the token last.
import type { PolicyDecision, Reason } from '../../contract/index.ts'
import { isChallenge } from '../../contract/shared/challenge.ts'
import { requirementOf } from '../../contract/shared/rule.ts'
import { isRecord, TOKEN_HEADER } from '../../contract/shared/wire.ts'
import { answerTo, GuardRefusal, refuse, unavailable } from './answers.ts'
import { type BoundDetails, bindDetails } from './details.ts'
import { fetchHandler, honoMiddleware, nodeMiddleware } from './frameworks.ts'
import { keep, REFETCH_SECONDS } from './kept.ts'
import { type ListedRule, readDecision, readRules } from './rules.ts'
import { openService } from './service.ts'
import { isText } from './shapes.ts'
import { spend, type Workings } from './spend.ts'
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
  const check = (call: Asked): Promise<Verdict> => decide(workings, call).catch(block)
  return {
    check,
    requireStepUp: (rule) => honoMiddleware(check, rule),
    requireStepUpFetch: (rule, handler) => fetchHandler(check, rule, handler),
    requireStepUpNode: (rule) => nodeMiddleware(check, rule),
  }
}

type Asked = GuardedCall | Promise<GuardedCall>

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

async function decide(workings: Workings, asked: Asked): Promise<Allowed> {
  const call = await asked
  checkForm(call)
  const presented = presentedIn(call.headers, workings.options)
  const listed = await listedRule(workings, call.action)
  const details = call.details && bindDetails(call.details, call.action)
  const isBound = call.requireDetails ?? details
  if (isBound && listed.details === 'none' && !listed.conditional)
    unavailable(`The rule of ${call.action} ignores details: set its \`details\` to required.`)
  const decision =
    presented === undefined || mustAsk(listed)
      ? await askPolicy(workings, call, listed, details)
      : undefined
  if (decision?.decision === 'permit') return { allowed: true, by: 'policy', decision }
  if (decision?.decision === 'deny') refuse('denied')
  const rule = { ...listed, ...decision }
  // If the application gives details, the token must be bound to them, even if the rule says `optional`.
  if (isBound && rule.details === 'optional') rule.details = 'required'
  try {
    if (presented === undefined) refuse('step_up_required')
    const claims = await spend(workings, presented, { ...call, rule, details })
    return { allowed: true, by: 'token', claims, ...(decision && { decision }) }
  } catch (cause) {
    throw cause instanceof GuardRefusal ? explain(cause, rule, decision, details) : cause
  }
}

/** Checks the types of a call at runtime, for applications without a type check. */
function checkForm({ subject, sessionId, sessionToken, country, details }: GuardedCall): void {
  if (!isText(subject)) refuse('unauthenticated')
  for (const [name, value] of Object.entries({ sessionId, sessionToken, country })) {
    if (value !== undefined && typeof value !== 'string')
      unavailable(`guard: \`${name}\` must be a string`)
  }
  if (details !== undefined && !isRecord(details)) unavailable('guard: `details` must be an object')
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

async function askPolicy(
  { service }: Workings,
  { action, subject, sessionToken, country }: GuardedCall,
  listed: ListedRule,
  details: BoundDetails | undefined,
): Promise<PolicyDecision> {
  // Some networks have no country or an invented one, such as T1. Both count as unknown.
  const known = /^[A-Z]{2}$/.test(`${country}`) ? country : undefined
  const context =
    (sessionToken ?? known) === undefined ? undefined : { sessionToken, country: known }
  // JSON leaves out members that are undefined.
  const input = { action, subject, details: details?.sent, context }
  return readDecision(await service.call('policy.check', input), listed)
}

/** Adds the requirement to a challenge. Refuses as a developer's fault if no step-up could meet it. */
function explain(
  refusal: GuardRefusal,
  rule: ListedRule,
  decision: PolicyDecision | undefined,
  details: BoundDetails | undefined,
): GuardRefusal {
  const { reason, members } = refusal
  if (!isChallenge(reason)) return refusal
  const requirement = { ...requirementOf(rule), ...members.requirement }
  // Countersign does not know that this API requires details.
  if (rule.details === 'required') requirement.details = rule.details
  if (requirement.details === 'required' && !details)
    return new GuardRefusal('details_required', { requirement })
  const enroll = reason === 'step_up_required' && decision?.decision === 'enroll'
  const answered: Reason = enroll ? 'enrollment_required' : reason
  return new GuardRefusal(answered, { ...members, requirement })
}
