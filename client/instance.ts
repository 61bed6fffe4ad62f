// One Countersign as a page uses it: where it is, who is signed in, which tokens it holds, and who
// listens. The other files of this folder use it.
import type { ChallengeVerifyResult, Method } from '../contract/index.ts'
import { asCountersignError, CountersignError } from './errors.ts'
import { type ActionOrScope, namedFor, scopeOf } from './names.ts'
import type { StepUpPrompt } from './prompt.ts'
import { type CountersignClient, createClient } from './rpc.ts'
import { createTokenStore, memoryKeeper, type TokenKeeper, type TokenStore } from './tokens.ts'

/** How an application reaches Countersign. */
export interface CountersignOptions {
  /** The address of the service, without a path. */
  url: string
  /** The environment's id. */
  environment: string
  /** The application's session token; asked for at every call. Nothing: nobody is signed in. */
  getSessionToken: () => MaybeToken | Promise<MaybeToken>
  /** Whether `countersignFetch` sends the session as `Authorization: Bearer` where the call has no such header. */
  sendSession?: boolean
  /** Who asks the user, for every `withStepUp` that names nobody. */
  prompt?: StepUpPrompt
  /** Where tokens are kept: in memory, unless this is `storageKeeper()`. */
  keepTokens?: (name: string) => TokenKeeper
  /** Reads the user out of a session token, where that is not its claim `sub`. */
  subjectOf?: (sessionToken: string) => string | undefined
  /** Whether functions that are given no instance use this one. */
  isDefault?: boolean
  fetch?: typeof fetch
}

type MaybeToken = string | null | undefined

/** Who is signed in. */
export interface Session {
  token: string
  subject: string
}

/** The outcome of a step-up, without the tokens themselves. */
export interface MfaCompleted extends Omit<ChallengeVerifyResult, 'elevatedToken' | 'mfaToken'> {
  method: Method
  scopes: readonly string[]
}

export interface CountersignEvents {
  mfaCompleted: MfaCompleted
  mfaFailed: { method: Method; error: CountersignError }
  tokensChanged: undefined
  /** Somebody else is signed in, or nobody: noticed when the session is next asked for. */
  sessionChanged: Session | undefined
  /** A factor or the recovery codes were changed from this page. */
  devicesChanged: undefined
}

/** An instance. Applications hand it on; its members are for this package. */
export interface Countersign {
  readonly options: CountersignOptions
  readonly rpc: CountersignClient
  readonly tokens: TokenStore
  readonly fetch: typeof fetch
  /** Scopes of the actions that an operator added, as the server named them. */
  readonly scopes: Map<string, string>
  /** An authenticator app that was shown to the user and not confirmed yet. */
  pendingDevice: string | undefined
  /** Who is signed in now. Tokens of anybody else are gone when this returns. */
  session(): Promise<Session | undefined>
  on<E extends keyof CountersignEvents>(
    event: E,
    listener: (detail: CountersignEvents[E]) => void,
  ): () => void
  emit<E extends keyof CountersignEvents>(event: E, detail: CountersignEvents[E]): void
}

let defaultInstance: Countersign | undefined

/**
 * Makes an instance, and makes it the default one.
 *
 * @example
 * createCountersign({ url: 'https://countersign.example', environment: 'live', getSessionToken })
 */
export function createCountersign(options: CountersignOptions): Countersign {
  const { url, environment, keepTokens = memoryKeeper, isDefault = true } = options
  const send: typeof fetch = (input, init) => (options.fetch ?? fetch)(input, init)
  const tokens = createTokenStore(keepTokens(`countersign ${url}/${environment}`))
  const events = new EventTarget()
  let seen: string | undefined
  const session = async () => {
    const found = sessionOf(options, await options.getSessionToken())
    tokens.keepOnly(found?.subject)
    if (found?.subject !== seen) {
      seen = found?.subject
      instance.pendingDevice = undefined
      instance.emit('sessionChanged', found)
    }
    return found
  }
  const instance: Countersign = {
    options,
    rpc: createClient({
      url,
      environment,
      bearer: async () => (await session())?.token,
      fetch: send,
    }),
    tokens,
    fetch: send,
    scopes: new Map(),
    pendingDevice: undefined,
    session,
    on(event, listener) {
      const heard = (happened: Event) => listener((happened as CustomEvent).detail)
      events.addEventListener(event, heard)
      return () => events.removeEventListener(event, heard)
    },
    emit: (event, detail) => void events.dispatchEvent(new CustomEvent(event, { detail })),
  }
  tokens.subscribe(() => instance.emit('tokensChanged', undefined))
  if (isDefault) defaultInstance = instance
  return instance
}

/** Whose a session token is; one that names nobody stands for itself. */
export const sessionOf = (
  { subjectOf: read = subjectOf }: CountersignOptions,
  token: MaybeToken,
): Session | undefined => (token ? { token, subject: read(token) ?? token } : undefined)

/** The `sub` of a JWT, which the server verifies and this page only reads (RFC 7519, section 4.1.2). */
function subjectOf(token: string): string | undefined {
  try {
    const [, payload = ''] = token.split('.')
    const text = atob(payload.replaceAll('-', '+').replaceAll('_', '/'))
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (c) => c.charCodeAt(0)))).sub
  } catch {
    return undefined
  }
}

/**
 * The instance to use: the one given, else the default one.
 *
 * @throws CountersignError `input_invalid` before `createCountersign` was called
 */
export function instanceOf(given: Countersign | undefined): Countersign {
  const instance = given ?? defaultInstance
  if (!instance) throw new CountersignError('input_invalid', 'Call createCountersign first.')
  return instance
}

/** Calls the service; whatever goes wrong is a CountersignError. */
export async function ask<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw asCountersignError(error)
  }
}

/** Creates the error for an answer that lacks what was asked for. */
export const unexpected = () => new CountersignError('unavailable', 'Unexpected response.')

/** The scope of an action; the server is asked for that of one which an operator added. */
export async function learnScope(instance: Countersign, wanted: ActionOrScope): Promise<string> {
  const { mfaAction = '' } = wanted
  const known = scopeOf(wanted) ?? instance.scopes.get(mfaAction)
  if (known) return known
  const { scope } = await ask(instance.rpc.policy.check.query(namedFor(wanted)))
  instance.scopes.set(mfaAction, scope)
  return scope
}

/**
 * Spends the token of a scope on one call to the service, where there is one; without it the server
 * decides whether it may go ahead.
 */
export async function spending<T>(
  instance: Countersign,
  scope: string,
  call: (options: { context: { elevatedToken: string | undefined } }) => Promise<T>,
): Promise<T> {
  await instance.session()
  const taken = await instance.tokens.take({ scope })
  return ask(call({ context: { elevatedToken: taken?.token } }))
}

/** Listens for a verified user. Returns how to stop. */
export const onMfaCompleted = (
  listener: (completed: MfaCompleted) => void,
  instance?: Countersign,
): (() => void) => instanceOf(instance).on('mfaCompleted', listener)

/** Listens for a verification that failed. Returns how to stop. */
export const onMfaFailed = (
  listener: (failed: CountersignEvents['mfaFailed']) => void,
  instance?: Countersign,
): (() => void) => instanceOf(instance).on('mfaFailed', listener)

/** Listens for tokens that came or went. Returns how to stop. */
export const onTokensChanged = (listener: () => void, instance?: Countersign): (() => void) =>
  instanceOf(instance).on('tokensChanged', listener)
