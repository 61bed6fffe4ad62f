// Parses the rules of this resource that Countersign lists, and its decision about one user. service.ts
// fetches them.
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

/** The rules of this resource by action name, and the epoch that tokens must have. */
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
  // Version 0.1.0 of the service does not send `dpop`. A requirement never has it.
  dpop: optional(isFlag),
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
  // Version 0.1.0 of the service does not send `audience`.
  audience: optional(isText),
  actions: listOf(isListedRule),
})
const isDecision = fits<Omit<PolicyDecision, 'title' | 'sentence' | 'enrollable' | 'display'>>({
  ...requirementShape,
  decision: isText,
  required: isFlag,
  reason: isText,
  singleUse: isFlag,
  lifetimeSeconds: isCount,
})

/** Returns whether the `requirement` of a refusal is complete. */
export const isRequirement = fits<Requirement>(requirementShape)

/**
 * Parses the response of `policy.list`.
 *
 * @param audience the audience of the guard, which must be the audience of its resource key
 * @throws GuardRefusal `unavailable` for a malformed response, and for the rules of another audience
 */
export function readRules(answer: unknown, audience: string): Rules {
  if (!isPolicyList(answer)) return unavailable('policy.list returned an unexpected response.')
  const { epoch, actions } = answer
  if ((answer.audience ?? audience) !== audience) {
    const what = `The guard's audience is ${audience}, its resource key's is ${answer.audience}: use the same.`
    return unavailable(what)
  }
  return { epoch, byAction: new Map(actions.map((rule) => [rule.action, rule])) }
}

/** Returns whether an answer is the decision that permits the action of a rule. */
export const isPermit = (
  answer: unknown,
  { action, scope }: ListedRule,
): answer is PolicyDecision =>
  isDecision(answer) &&
  answer.decision === 'permit' &&
  answer.action === action &&
  answer.scope === scope
