// The instance that a page creates. It holds the options, the session, the tokens and the listeners. The
// other files of this folder use it.
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
  /** Returns the application's session token, or nothing if nobody is signed in. Called before every call. */
  getSessionToken: () => MaybeToken | Promise<MaybeToken>
  /** If false, `countersignFetch` does not add the session token as `Authorization: Bearer`. Default: true. */
  sendSession?: boolean
  /** Asks the user, in every `withStepUp` that has no prompt of its own. */
  prompt?: StepUpPrompt
  /** Keeps the tokens. Default: in memory. Use `storageKeeper()` to keep them across reloads. */
  keepTokens?: (name: string) => TokenKeeper
  /** Reads the user's id from a session token, if it is not in the claim `sub`. */
  subjectOf?: (sessionToken: string) => string | undefined
  /** If false, functions that are called without an instance do not use this one. Default: true. */
  isDefault?: boolean
  fetch?: typeof fetch
  /** Called by `logout` after the tokens were revoked. */
  onLogout?: () => unknown
}

type MaybeToken = string | null | undefined

/** The session of the signed-in user. */
export interface Session {
  token: string
  subject: string
}

/** The result of a step-up, without the tokens. */
export interface MfaCompleted extends Omit<ChallengeVerifyResult, 'elevatedToken' | 'mfaToken'> {
  method: Method
  scopes: readonly string[]
}

export interface CountersignEvents {
  mfaCompleted: MfaCompleted
  mfaFailed: { method: Method; error: CountersignError }
  tokensChanged: undefined
  /** Another user signed in, or the user signed out. Emitted when the session is read next. */
  sessionChanged: Session | undefined
  /** This page changed a factor or the recovery codes. */
  devicesChanged: undefined
}

/** An instance. Applications pass it to the functions of this package; its members are internal. */
export interface Countersign {
  readonly options: CountersignOptions
  readonly rpc: CountersignClient
  readonly tokens: TokenStore
  readonly fetch: typeof fetch
  /** The scopes of actions that an operator added, as the server returned them. */
  readonly scopes: Map<string, string>
  /** The id of an authenticator app that the user has not confirmed yet. */
  pendingDevice: string | undefined
  /** Returns the current session. Removes the tokens of every other user from the store first. */
  session(): Promise<Session | undefined>
  on<E extends keyof CountersignEvents>(
    event: E,
    listener: (detail: CountersignEvents[E]) => void,
  ): () => void
  emit<E extends keyof CountersignEvents>(event: E, detail: CountersignEvents[E]): void
}

let defaultInstance: Countersign | undefined

/**
 * Creates an instance. It becomes the default unless `isDefault` is false.
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

/** Returns the session of a token. If the token names no user, the token itself is the subject. */
export const sessionOf = (
  { subjectOf: read = subjectOf }: CountersignOptions,
  token: MaybeToken,
): Session | undefined => (token ? { token, subject: read(token) ?? token } : undefined)

/** Returns the `sub` of a JWT (RFC 7519, section 4.1.2). Only the server verifies the JWT. */
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
 * Returns the given instance, or else the default one.
 *
 * @throws CountersignError `input_invalid` if `createCountersign` was not called yet
 */
export function instanceOf(given: Countersign | undefined): Countersign {
  const instance = given ?? defaultInstance
  if (!instance) throw new CountersignError('input_invalid', 'Call createCountersign first.')
  return instance
}

/** Waits for a call to the service, and throws every error as a CountersignError. */
export async function ask<T>(call: Promise<T>): Promise<T> {
  try {
    return await call
  } catch (error) {
    throw asCountersignError(error)
  }
}

/** Creates the error for a response that lacks a required member. */
export const unexpected = () => new CountersignError('unavailable', 'Unexpected response.')

/** Returns the scope of an action. Asks the server for the scope of an action that an operator added. */
export async function learnScope(instance: Countersign, wanted: ActionOrScope): Promise<string> {
  const { mfaAction = '' } = wanted
  const known = scopeOf(wanted) ?? instance.scopes.get(mfaAction)
  if (known) return known
  const { scope } = await ask(instance.rpc.policy.check.query(namedFor(wanted)))
  instance.scopes.set(mfaAction, scope)
  return scope
}

/**
 * Makes one call to the service with the token of a scope, if the store holds one. Without a token, the
 * server decides whether to accept the call.
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

/** Calls a listener after each successful step-up. Returns a function that removes the listener. */
export const onMfaCompleted = (
  listener: (completed: MfaCompleted) => void,
  instance?: Countersign,
): (() => void) => instanceOf(instance).on('mfaCompleted', listener)

/** Calls a listener after each failed step-up. Returns a function that removes the listener. */
export const onMfaFailed = (
  listener: (failed: CountersignEvents['mfaFailed']) => void,
  instance?: Countersign,
): (() => void) => instanceOf(instance).on('mfaFailed', listener)

/** Calls a listener when the stored tokens change. Returns a function that removes the listener. */
export const onTokensChanged = (listener: () => void, instance?: Countersign): (() => void) =>
  instanceOf(instance).on('tokensChanged', listener)
