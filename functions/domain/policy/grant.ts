// Grants: the scopes and details that one token may carry. They are decided before a code is counted, so that a
// request that cannot be granted uses no code.
import {
  type Acr,
  acrReaches,
  type Details,
  METHOD_ACR,
  type Method,
  type Offered,
} from '../../../contract/index.ts'
import type { BoundDetails } from '../details/details.ts'
import { checkDetails } from '../details/details-schema.ts'
import { refuse } from '../refusal.ts'
import { type Action, isDenied, requirementOf } from './policy.ts'

/** The grant of one token: requested ∩ rule ∩ proof. */
export interface Grant {
  audience: string
  scopes: string[]
  singleUse: boolean
  lifetimeSeconds: number
  freshnessSeconds: number
  /** The level that satisfies the rules of all these scopes. */
  acr: Acr
  /** True if the token must be bound to a key of its client. */
  dpop: boolean
  bound?: BoundDetails
}

/** The scopes and details that a client requests a token for. */
export interface TokenRequest {
  requestedScopes?: string[] | undefined
  details?: Details | undefined
}

/**
 * Plans the token for the requested scopes.
 *
 * @param method the method that the user verifies with
 * @returns the grant, or undefined if no scope was requested
 * @throws Refused `scope_not_allowed` for unknown scopes and for scopes that cannot share a token,
 *   `method_not_allowed`, `denied`, `details_required`, `input_invalid`
 * @example planGrant(actions, offered, 'totp', { requestedScopes: ['wallet:export'] })
 */
export function planGrant(
  actions: readonly Action[],
  offered: Offered,
  method: Method,
  request: TokenRequest,
): Grant | undefined {
  const scopes = [...new Set(request.requestedScopes ?? [])]
  if (scopes.length === 0) {
    if (request.details)
      refuse('scope_not_allowed', {
        message: '`details` need a token to be bound to: send its scope in `requestedScopes`.',
      })
    return undefined
  }
  const granted = actionsOf(actions, scopes)
  checkOneToken(granted, request)
  checkTakesDetails(granted, request)
  for (const action of granted) checkMethod(action, method, offered)
  const [first] = granted
  const rules = granted.map(({ rule }) => rule)
  return {
    audience: first?.audience ?? '',
    scopes,
    singleUse: rules.some((rule) => rule.singleUse),
    lifetimeSeconds: Math.min(...rules.map((rule) => rule.lifetimeSeconds)),
    freshnessSeconds: Math.min(...rules.map((rule) => rule.freshnessSeconds)),
    acr: rules.map((rule) => rule.acr).reduce((a, b) => (acrReaches(a, b) ? a : b)),
    dpop: rules.some((rule) => rule.dpop),
    ...(request.details && first && { bound: checkDetails(request.details, first) }),
  }
}

/**
 * Returns the actions of some scopes.
 *
 * @throws Refused `scope_not_allowed` for a scope that no action has
 */
export const actionsOf = (actions: readonly Action[], scopes: readonly string[]): Action[] =>
  scopes.map((scope) => actions.find((known) => known.scope === scope) ?? unknownScope(scope))

function unknownScope(scope: string): never {
  refuse('scope_not_allowed', { message: `No action of this environment has the scope ${scope}.` })
}

/**
 * Makes sure that actions can share one token.
 *
 * @throws Refused `scope_not_allowed`
 */
export function checkOneToken(granted: readonly Action[], { details }: TokenRequest): void {
  if (new Set(granted.map(({ audience }) => audience)).size > 1) {
    refuse('scope_not_allowed', {
      message: 'These scopes are for different resources: ask for one token for each resource.',
    })
  }
  const requiresDetails = granted.some(({ rule }) => rule.details === 'required')
  if ((details || requiresDetails) && granted.length > 1) {
    refuse('scope_not_allowed', { message: 'A token with details must have exactly one scope.' })
  }
}

function checkTakesDetails(granted: readonly Action[], { details }: TokenRequest): void {
  if (!details && granted.some(({ rule }) => rule.details === 'required'))
    refuse('details_required')
  if (details && granted.some(({ rule }) => rule.details === 'none')) {
    refuse('input_invalid', { message: 'This action accepts no details: leave out `details`.' })
  }
}

function checkMethod(action: Action, method: Method, offered: Offered): void {
  const { rule } = action
  if (isDenied(rule)) refuse('denied')
  const acr = method === 'assertion' ? offered.assertion : METHOD_ACR[method]
  if (!rule.methods.includes(method) || acr === null || !acrReaches(acr, rule.acr)) {
    refuse('method_not_allowed', { requirement: requirementOf(action, offered) })
  }
}
