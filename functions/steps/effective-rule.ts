// The rule in force: what an action asks of one call, after its conditions. Where no action that is asked
// for has any, nothing is fetched and nothing is loaded.
import type { Details } from '../../contract/index.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { loadConditions } from '../domain/conditions/condition.ts'
import { checkDetails } from '../domain/details/details-schema.ts'
import { actionsOf, checkOneToken, type Wish } from '../domain/policy/grant.ts'
import { type Action, type ActionName, findAction } from '../domain/policy/policy.ts'
import { effectiveAction } from '../domain/policy/strengthen.ts'
import { refuse } from '../domain/refusal.ts'
import type { Session } from '../domain/tokens/session.ts'
import type { CallFacts } from '../edge/objects.ts'

/**
 * Returns the action that a caller names. A resource may name only those of its own audience.
 *
 * @throws Refused `unknown_action`, `forbidden`
 */
export function actionFor(caller: SubjectCaller | ResourceCaller, name: ActionName): Action {
  const action = findAction(caller.environment.actions, name)
  if (caller.kind === 'resource' && action.audience !== caller.audience) {
    refuse('forbidden', { message: 'This action belongs to another resource.' })
  }
  return action
}

/** Cloudflare's code for an unknown country. */
const UNKNOWN_COUNTRY = 'XX'

/** What conditions may read of a call beside its user. What is not known is left out. */
export function callFacts(
  session: Session | undefined,
  country: string | undefined,
  details: Details | undefined,
): CallFacts {
  const time = epochSeconds()
  return {
    ...(details && { details }),
    ...(session && { session: sessionFacts(session, time) }),
    request: { ...(country !== undefined && country !== UNKNOWN_COUNTRY && { country }), time },
  }
}

const sessionFacts = ({ claims, authTime }: Session, now: number) => ({
  ...(claims && { claims }),
  ...(authTime !== undefined && { ageSeconds: Math.max(0, now - authTime) }),
})

/**
 * The environment's actions, those asked for with the rule in force for this call: a token is planned by
 * them before a code is counted, so that what a condition forbids spends nothing.
 *
 * @throws Refused `scope_not_allowed` for scopes that no action has or that cannot share a token;
 *   `input_invalid` for details that no action takes
 */
export async function actionsInForce(
  caller: SubjectCaller,
  wish: Wish,
): Promise<readonly Action[]> {
  const { actions } = caller.environment
  const { details } = wish
  const wanted = actionsOf(actions, [...new Set(wish.requestedScopes ?? [])])
  // Before any condition runs, so that a request which is refused anyway costs none.
  checkOneToken(wanted, wish)
  const asked = wanted.filter(({ conditional }) => conditional)
  if (asked.length === 0) return actions
  if (details) for (const action of asked) checkDetails(details, action)
  const inForce = await strengthened(caller, asked, details)
  return actions.map((action) => inForce.get(action) ?? action)
}

/** One action with the rule in force for this call, which has no details. */
export async function inForce(caller: SubjectCaller, action: Action): Promise<Action> {
  if (!action.conditional) return action
  return (await strengthened(caller, [action], undefined)).get(action) ?? action
}

async function strengthened(
  { object, who, session, country }: SubjectCaller,
  asked: readonly Action[],
  details: Details | undefined,
): Promise<Map<Action, Action>> {
  const [conditions, subject] = await Promise.all([loadConditions(), object.facts({ who })])
  const facts = { ...callFacts(session, country, details), subject }
  return new Map(asked.map((action) => [action, effectiveAction(action, facts, conditions).action]))
}
