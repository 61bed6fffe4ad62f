// Calling the application's own API with the token that the call needs, and handing tokens out by hand.
import type { Details, Requirement } from '../contract/index.ts'
import { TOKEN_HEADER } from '../contract/shared/wire.ts'
import { type CountersignReason, StepUpRequiredError } from './errors.ts'
import { ask, type Countersign, instanceOf, learnScope } from './instance.ts'
import type { ActionOrScope, TokenScope } from './names.ts'

/** What `fetch` takes, and what the call is about to do. */
export type CountersignInit = RequestInit & ActionOrScope & { details?: Details | undefined }

/**
 * `fetch` to a guarded API: sends the session, and in `Countersign-Token` the elevated token of the
 * action, else the legacy one. A single-use token leaves the store with the request; it comes back
 * only when `fetch` was never called. Redirects are not followed, unless `redirect` says otherwise:
 * the token would travel on to wherever they lead.
 *
 * @param init.details what the token is bound to, where it is
 * @returns the answer, unless it asks for a step-up
 * @throws StepUpRequiredError where the API asks for a step-up (RFC 9470), with scope and methods
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

/** Reads the challenge of a guard: RFC 9470 in the header, RFC 9457 in the body. */
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

/** What is assumed of a guard that says no more than RFC 9470. */
const UNKNOWN = {
  action: '',
  methods: ['passkey', 'totp'],
  acr: 'mfa',
  freshnessSeconds: 0,
  details: 'optional',
} satisfies Omit<Requirement, 'scope'>

/**
 * Hands out the token of a scope, for a call that `countersignFetch` cannot make.
 *
 * @param consume takes a reusable token out of the store too; a single-use one always leaves it
 * @returns the token, or undefined if the store holds no matching one
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
 * Hands out the legacy token and takes it out of the store.
 *
 * @deprecated Ask for an elevated token with `requestedScopes`; `countersignFetch` sends it.
 */
export async function consumeMfaToken(instance?: Countersign): Promise<string | undefined> {
  const countersign = instanceOf(instance)
  await countersign.session()
  return (await countersign.tokens.take({ scope: undefined }, true))?.token
}

/**
 * Forgets every token and revokes it. Call it before the application ends its session.
 *
 * @returns how many were revoked, and how many could not be revoked: those live on until they expire
 */
export async function logout(instance?: Countersign): Promise<{ revoked: number; failed: number }> {
  const { tokens, rpc } = instanceOf(instance)
  const held = tokens.list()
  tokens.keepOnly(undefined)
  const outcomes = await Promise.allSettled(
    held.map(({ token }) => ask(rpc.token.revoke.mutate({ token }))),
  )
  const revoked = outcomes.filter(({ status }) => status === 'fulfilled').length
  return { revoked, failed: held.length - revoked }
}
