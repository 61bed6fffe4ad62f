// policy.simulate: the decision for a user or for invented facts, and an explanation of it. It writes nothing,
// not even the event of a rule in `observe` mode.
import type {
  PolicySimulateInput,
  PolicySimulateResult,
  SubjectFacts,
} from '../../contract/index.ts'
import { whoIs } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { type Facts, loadConditions } from '../domain/conditions/condition.ts'
import { checkDetails } from '../domain/details/details-schema.ts'
import { NOBODY } from '../domain/policy/facts.ts'
import { actionsIn, decide, findAction, wouldDecide } from '../domain/policy/policy.ts'
import { effectiveAction } from '../domain/policy/strengthen.ts'
import { traceOf } from '../domain/policy/trace.ts'
import { refuse } from '../domain/refusal.ts'
import { checkSettings, offeredBy, resolveSettings } from '../domain/settings/settings.ts'
import { type LiveEnvironment, openEnvironment } from '../edge/environment.ts'
import { subjectObject } from '../edge/objects.ts'
import type { Bindings } from '../env.ts'
import { factsAbout } from './effective-rule.ts'

/**
 * Decides as `policy.check` does, and explains the decision.
 *
 * @throws Refused `unknown_environment`, `unknown_action`, and the reasons of settings that cannot be saved
 */
export async function simulate(
  bindings: Bindings,
  input: PolicySimulateInput,
): Promise<PolicySimulateResult> {
  const environment = await openEnvironment(bindings, input.environment)
  const { actions, offered } = await rulesOf(bindings, environment, input.settings)
  const asked = findAction(actions, { action: input.action })
  if (input.details) checkDetails(input.details, asked)
  const facts = factsOf(input, await subjectOf(bindings, environment, input))
  const conditions = asked.conditional ? await loadConditions() : undefined
  const { action: inEffect, verdicts } = effectiveAction(asked, facts, conditions)
  const { subject } = facts
  const decision = decide(inEffect, subject, offered)
  const observed = inEffect.rule.mode === 'observe'
  const wouldAsk = observed ? wouldDecide(inEffect, subject, offered) : undefined
  const simulation = { asked, verdicts, inEffect, facts, decision, wouldAsk }
  return { decision, ...(wouldAsk && { wouldAsk }), trace: traceOf(simulation, conditions) }
}

/** Returns the current rules, or the rules of a draft. Refuses a draft that could not be saved. */
async function rulesOf(
  bindings: Bindings,
  environment: LiveEnvironment,
  draft: PolicySimulateInput['settings'],
): Promise<Pick<LiveEnvironment, 'actions' | 'offered'>> {
  if (!draft) return environment
  await checkSettings(draft, bindings)
  const settings = resolveSettings(draft)
  const { issuer } = environment
  return {
    actions: actionsIn(settings, issuer),
    offered: offeredBy(settings),
  }
}

async function subjectOf(
  bindings: Bindings,
  environment: LiveEnvironment,
  { subject, facts }: PolicySimulateInput,
): Promise<SubjectFacts> {
  if (subject === undefined) return facts ?? NOBODY
  if (facts) refuse('input_invalid', { message: 'Send `subject` or `facts`, not both.' })
  const who = whoIs(environment, subject)
  return factsAbout({ object: subjectObject(bindings, environment.id, subject), who })
}

function factsOf({ details, session, request }: PolicySimulateInput, subject: SubjectFacts): Facts {
  const { claims, ageSeconds } = session ?? {}
  const { country, time = epochSeconds() } = request ?? {}
  return {
    ...(details && { details }),
    subject,
    ...(session && {
      session: {
        ...(claims && { claims }),
        ...(ageSeconds !== undefined && { ageSeconds }),
      },
    }),
    request: { ...(country !== undefined && { country }), time },
  }
}
