// The rule in effect: the rule of an action for one call, after its conditions. Without conditions, no facts
// are fetched and the library is not loaded.
import type { Details, SubjectFacts } from '../../contract/index.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { loadConditions } from '../domain/conditions/condition.ts'
import { checkDetails } from '../domain/details/details-schema.ts'
import { parseFacts } from '../domain/policy/facts.ts'
import { actionsOf, checkOneToken, type TokenRequest } from '../domain/policy/grant.ts'
import { type Action, type ActionName, findAction } from '../domain/policy/policy.ts'
import { effectiveAction } from '../domain/policy/strengthen.ts'
import { refuse } from '../domain/refusal.ts'
import type { Session } from '../domain/tokens/session.ts'
import type { CallFacts } from '../edge/objects.ts'

/**
 * Returns the action that a caller names. A resource may name only actions of its own audience.
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

/** Returns the facts about a call that conditions can read, except those about its user. Omits unknown facts. */
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
 * Returns the environment's actions. The requested ones have the rule in effect for this call. Tokens are
 * planned by these rules before a code is counted, so that a request that a condition forbids uses no code.
 *
 * @throws Refused `scope_not_allowed` for scopes that no action has or that cannot share a token;
 *   `input_invalid` for details that do not match the schema
 */
export async function rulesInEffect(
  caller: SubjectCaller,
  request: TokenRequest,
): Promise<readonly Action[]> {
  const { actions } = caller.environment
  const { details } = request
  const wanted = actionsOf(actions, [...new Set(request.requestedScopes ?? [])])
  // Checked before any condition is evaluated, so that a refused request does not cost an evaluation.
  checkOneToken(wanted, request)
  const asked = wanted.filter(({ conditional }) => conditional)
  if (asked.length === 0) return actions
  if (details) for (const action of asked) checkDetails(details, action)
  const inEffect = await strengthened(caller, asked, details)
  return actions.map((action) => inEffect.get(action) ?? action)
}

/** Returns an action with the rule in effect for this call, which has no details. */
export async function ruleInEffect(caller: SubjectCaller, action: Action): Promise<Action> {
  if (!action.conditional) return action
  return (await strengthened(caller, [action], undefined)).get(action) ?? action
}

/** Returns what a user has, which decides every check and which conditions can read. */
export const factsAbout = async ({
  object,
  who: { epoch, rpId },
}: Pick<SubjectCaller, 'object' | 'who'>): Promise<SubjectFacts> =>
  parseFacts(await object.storedFacts({ epoch }), rpId, epochSeconds())

/** The user whom a call is about, and what conditions can read of the call. */
export type About = Pick<SubjectCaller, 'object' | 'who' | 'country'> & { session?: Session }

/** Returns an action with the rule in effect for a call, and what the user has, which were read together. */
export async function ruleAndUser(
  about: About,
  action: Action,
  details: Details | undefined,
): Promise<{ inEffect: Action; user: SubjectFacts }> {
  const { object, who } = about
  if (!action.conditional) return { inEffect: action, user: await factsAbout({ object, who }) }
  const { conditions, facts } = await readFacts(about, details)
  return { inEffect: effectiveAction(action, facts, conditions).action, user: facts.subject }
}

async function strengthened(
  caller: SubjectCaller,
  asked: readonly Action[],
  details: Details | undefined,
): Promise<Map<Action, Action>> {
  const { conditions, facts } = await readFacts(caller, details)
  return new Map(asked.map((action) => [action, effectiveAction(action, facts, conditions).action]))
}

async function readFacts({ object, who, session, country }: About, details: Details | undefined) {
  const [conditions, subject] = await Promise.all([loadConditions(), factsAbout({ object, who })])
  return { conditions, facts: { ...callFacts(session, country?.(), details), subject } }
}
