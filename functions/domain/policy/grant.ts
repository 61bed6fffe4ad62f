// Grants: what one token may carry. Everything here is decided before a code is counted or used, so
// that what cannot be granted spends nothing.
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

/** A token to be: granted = requested ∩ rule ∩ proof. */
export interface Grant {
  audience: string
  scopes: string[]
  singleUse: boolean
  lifetimeSeconds: number
  freshnessSeconds: number
  /** What a proof must reach to satisfy the rules of all these scopes. */
  acr: Acr
  bound?: BoundDetails
}

/** What a client asks for with its proof. */
export interface Wish {
  requestedScopes?: string[] | undefined
  details?: Details | undefined
}

/**
 * Plans the one token for the scopes asked for.
 *
 * @param method how the user is about to prove themselves
 * @returns the grant, or undefined where no scope was asked for
 * @throws Refused `scope_not_allowed` for unknown scopes and sets that cannot be one token,
 *   `method_not_allowed`, `denied`, `details_required`, `input_invalid`
 * @example planGrant(actions, offered, 'totp', { requestedScopes: ['wallet:export'] })
 */
export function planGrant(
  actions: readonly Action[],
  offered: Offered,
  method: Method,
  wish: Wish,
): Grant | undefined {
  const scopes = [...new Set(wish.requestedScopes ?? [])]
  if (scopes.length === 0) {
    if (wish.details)
      refuse('scope_not_allowed', {
        message: '`details` are bound to a token: send its scope in `requestedScopes`.',
      })
    return undefined
  }
  const granted = actionsOf(actions, scopes)
  checkOneToken(granted, wish)
  checkTakesDetails(granted, wish)
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
    ...(wish.details && first && { bound: checkDetails(wish.details, first) }),
  }
}

/**
 * Finds the actions of some scopes.
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
export function checkOneToken(granted: readonly Action[], { details }: Wish): void {
  if (new Set(granted.map(({ audience }) => audience)).size > 1) {
    refuse('scope_not_allowed', {
      message: 'These scopes are for different resources: ask for one token each.',
    })
  }
  const needy = granted.some(({ rule }) => rule.details === 'required')
  if ((details || needy) && granted.length > 1) {
    refuse('scope_not_allowed', { message: 'A token with details must have exactly one scope.' })
  }
}

function checkTakesDetails(granted: readonly Action[], { details }: Wish): void {
  if (!details && granted.some(({ rule }) => rule.details === 'required'))
    refuse('details_required')
  if (details && granted.some(({ rule }) => rule.details === 'none')) {
    refuse('input_invalid', { message: 'This action takes no details.' })
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
