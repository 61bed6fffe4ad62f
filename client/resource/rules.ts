// What a token for an action must meet: the rules of this resource as Countersign lists them, and the
// decision about one user. Both are parsed here; service.ts fetches them.
import type { PolicyDecision, PolicyList, Requirement } from '../../contract/index.ts'
import { unavailable } from './answers.ts'
import {
  fits,
  isAcr,
  isCount,
  isDetailsRule,
  isFlag,
  isMethods,
  isText,
  listOf,
  oneOf,
  optional,
} from './shapes.ts'

/** The rule of one action. */
export type ListedRule = PolicyList['actions'][number]

/** The rules of this resource by the name of their action, and the epoch that tokens must be of. */
export interface Rules {
  epoch: number
  byAction: ReadonlyMap<string, ListedRule>
}

const requirementShape = {
  action: isText,
  scope: isText,
  methods: isMethods,
  acr: isAcr,
  freshnessSeconds: isCount,
  details: isDetailsRule,
}
const isListedRule = fits<ListedRule>({
  ...requirementShape,
  singleUse: isFlag,
  acceptsMfaToken: isFlag,
  mode: oneOf(['enforce', 'observe']),
  conditional: isFlag,
})
const isPolicyList = fits<PolicyList>({
  version: isCount,
  epoch: isCount,
  // Version 0.1.0 of the service does not send it.
  audience: optional(isText),
  actions: listOf(isListedRule),
})
const isDecision = fits<Omit<PolicyDecision, 'title' | 'sentence'>>({
  ...requirementShape,
  decision: oneOf(['permit', 'step_up', 'enroll', 'deny']),
  required: isFlag,
  reason: isText,
  singleUse: isFlag,
  lifetimeSeconds: isCount,
})

/** Whether a refusal's `requirement` says all that a requirement does. */
export const isRequirement = fits<Requirement>(requirementShape)

/**
 * Reads the answer of `policy.list`.
 *
 * @param audience the guard's own, which must be the one that its resource key is for
 * @throws GuardRefusal `unavailable` for a malformed answer, and for the rules of another audience
 */
export function readRules(answer: unknown, audience: string): Rules {
  if (!isPolicyList(answer)) return unavailable('policy.list returned an unexpected response.')
  const { epoch, actions } = answer
  if ((answer.audience ?? audience) !== audience) {
    const what = `The guard's audience is ${audience}, but its resource key is for ${answer.audience}. Use the same in both.`
    return unavailable(what, new Error(what))
  }
  return { epoch, byAction: new Map(actions.map((rule) => [rule.action, rule])) }
}

/** The answer of `policy.check` about an action; a malformed one, or one about another, is no answer. */
export function readDecision(answer: unknown, { action, scope }: ListedRule): PolicyDecision {
  const about = isDecision(answer) && answer.action === action && answer.scope === scope
  return about ? answer : unavailable('policy.check returned an unexpected response.')
}
