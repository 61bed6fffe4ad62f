// Calls the application's API with the token that the call needs. Also returns tokens for other callers.
import type { Details, Requirement } from '../contract/index.ts'
import { TOKEN_HEADER } from '../contract/shared/wire.ts'
import { type CountersignReason, StepUpRequiredError } from './errors.ts'
import { ask, type Countersign, instanceOf, learnScope } from './instance.ts'
import type { ActionOrScope, TokenScope } from './names.ts'

/** The options of `fetch`, with the action of the call and its details. */
export type CountersignInit = RequestInit & ActionOrScope & { details?: Details | undefined }

/**
 * Calls a guarded API with `fetch`. Sends the session, and in `Countersign-Token` the elevated token of the
 * action, or else the legacy token. Removes a single-use token from the store, and puts it back only if
 * `fetch` was never called. Does not follow redirects unless `redirect` is set, because the token would be
 * sent to the new address.
 *
 * @param init.details the details that the token is bound to, if any
 * @returns the response, unless it asks for a step-up
 * @throws StepUpRequiredError with scope and methods if the API asks for a step-up (RFC 9470)
 * @example await countersignFetch('/api/export', { method: 'POST', mfaAction: 'wallet.waas.export' })
 */
export async function countersignFetch(
  input: RequestInfo | URL,
  { mfaAction, scope, details, ...init }: CountersignInit,
  instance?: Countersign,
): Promise<Response> {
  const countersign = instanceOf(instance)
  const { tokens, options } = countersign
  const session = await countersign.session()
  const wanted = { mfaAction, scope } as ActionOrScope
  const ownScope = await learnScope(countersign, wanted).catch(() => undefined)
  const taken =
    (ownScope && (await tokens.take({ scope: ownScope, details }))) ||
    (await tokens.take({ scope: undefined }))
  let called = false
  try {
    const request = new Request(input, { redirect: 'manual', ...init })
    const { headers } = request
    if (session && options.sendSession !== false && !headers.has('authorization')) {
      headers.set('authorization', `Bearer ${session.token}`)
    }
    if (taken) headers.set(TOKEN_HEADER, taken.token)
    request.signal.throwIfAborted()
    called = true
    const response = await countersign.fetch(request)
    if (response.status !== 401) return response
    if (taken) tokens.drop(taken.jti)
    const challenge = await readChallenge(response, ownScope ?? '', details)
    if (challenge) throw challenge
    return response
  } finally {
    if (!called) taken?.putBack()
  }
}

/** Reads the challenge of a guard from the header (RFC 9470) and the body (RFC 9457). */
async function readChallenge(response: Response, scope: string, details: Details | undefined) {
  const header = response.headers.get('www-authenticate') ?? ''
  const body: {
    reason?: CountersignReason
    detail?: string
    requirement?: Requirement
  } =
    (await response
      .clone()
      .json()
      .catch(() => undefined)) ?? {}
  if (!body.requirement && !header.includes('insufficient_user_authentication')) return undefined
  return new StepUpRequiredError(
    body.reason ?? 'step_up_required',
    body.detail ?? 'This action needs a step-up.',
    body.requirement ?? { scope, ...UNKNOWN },
    details,
  )
}

/** The requirement that is assumed for a guard whose body names none. */
const UNKNOWN = {
  action: '',
  methods: ['passkey', 'totp'],
  acr: 'mfa',
  freshnessSeconds: 0,
  details: 'optional',
} satisfies Omit<Requirement, 'scope'>

/**
 * Returns the token of a scope, for a call that `countersignFetch` cannot make.
 *
 * @param consume removes a reusable token from the store too; a single-use token is always removed
 * @returns the token, or undefined if the store holds no matching token
 * @example headers['countersign-token'] = await getElevatedAccessToken({ scope: 'wallet:sign', details })
 */
export async function getElevatedAccessToken(
  { scope, details, consume }: { scope: TokenScope; details?: Details; consume?: boolean },
  instance?: Countersign,
): Promise<string | undefined> {
  const countersign = instanceOf(instance)
  await countersign.session()
  return (await countersign.tokens.take({ scope, details }, consume))?.token
}

/**
 * Returns the legacy token and removes it from the store.
 *
 * @deprecated Ask for an elevated token with `requestedScopes`; `countersignFetch` sends it.
 */
export async function consumeMfaToken(instance?: Countersign): Promise<string | undefined> {
  const countersign = instanceOf(instance)
  await countersign.session()
  return (await countersign.tokens.take({ scope: undefined }, true))?.token
}

/**
 * Removes every token from the store and revokes it. Call it before the application ends its session.
 *
 * @returns how many tokens were revoked, and how many were not: those stay valid until they expire
 */
export async function logout(instance?: Countersign): Promise<{ revoked: number; failed: number }> {
  const { tokens, rpc, options } = instanceOf(instance)
  const held = tokens.list()
  tokens.keepOnly(undefined)
  const outcomes = await Promise.allSettled(
    held.map(({ token }) => ask(rpc.token.revoke.mutate({ token }))),
  )
  await options.onLogout?.()
  const revoked = outcomes.filter(({ status }) => status === 'fulfilled').length
  return { revoked, failed: held.length - revoked }
}
