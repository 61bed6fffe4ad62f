// Who an operator is: by the bearer, or by the cookie of their page. And who they are as a user of
// Countersign itself, in the environment where they step up. steps/authorize.ts decides what they
// may then do.
import { parse } from 'hono/utils/cookie'
import { CSRF_HEADER } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { fromBase64Url } from '../domain/bytes.ts'
import { hashKey, isOperatorKey } from '../domain/names.ts'
import {
  CONSOLE_SESSION_SECONDS,
  FIRST_OPERATOR,
  OPERATOR_ENVIRONMENT,
  operatorActions,
  operatorSettings,
} from '../domain/operators.ts'
import { Refused, refuse } from '../domain/refusal.ts'
import { offeredBy, resolveSettings } from '../domain/settings/settings.ts'
import { sessionKey } from '../domain/tokens/session.ts'
import { forgetEnvironment, type LiveEnvironment, openEnvironment } from '../edge/environment.ts'
import { directoryObject, environmentObject, subjectObject } from '../edge/objects.ts'
import type { Bindings } from '../env.ts'
import type { FirstKey } from '../state/directory/directory.ts'
import type { KnownOperator } from '../state/directory/operators.ts'
import { type SubjectCaller, whoIs } from '../trpc.ts'

/** The cookie of an operator's page. Its prefix keeps it to this host, this path and https (RFC 6265bis). */
export const CONSOLE_COOKIE = '__Host-countersign'
export const SESSION_SECRET_BYTES = 32

export interface OperatorCaller {
  kind: 'operator'
  id: string
  name: string
  automation: boolean
  /** The session of their page; absent where the key itself was shown. */
  sessionId?: string
  signedInAt: number
  expiresAt: number | null
}

/**
 * The operator who calls.
 *
 * @throws Refused `unauthenticated`; with a cookie also `origin_not_allowed` or `forbidden` for a call
 *   that the page did not make itself
 */
export async function verifyOperator(
  bindings: Bindings,
  headers: Headers,
  bearer: string | undefined,
): Promise<OperatorCaller> {
  const first = firstKeyOf(bindings)
  if (bearer === undefined) return verifyPage(bindings, headers, first)
  if (!canBeKey(bindings, bearer)) unknownKey()
  const operator = await directoryObject(bindings).operatorByKey(hashKey(bearer), first)
  if (!operator) return unknownKey()
  // A call with the key counts as a sign-in.
  return callerOf(operator, { signedInAt: epochSeconds(), expiresAt: null })
}

/** Returns whether a key has the form of an operator's key. Otherwise the Directory is not asked. */
export const canBeKey = ({ operatorKey }: Bindings, key: string): boolean =>
  isOperatorKey(key) || (operatorKey !== undefined && hashKey(key) === hashKey(operatorKey))

export const unknownKey = (): never =>
  refuse('unauthenticated', { message: 'This operator key is unknown or revoked.' })

async function verifyPage(
  bindings: Bindings,
  headers: Headers,
  first: FirstKey,
): Promise<OperatorCaller> {
  const secretHash = pageSecretHash(headers) ?? refuse('unauthenticated')
  checkPage(bindings, headers)
  const found = await directoryObject(bindings).operatorBySession(secretHash, first)
  if (!found) refuse('unauthenticated', { message: 'The session has ended: sign in again.' })
  const { id, signedInAt, expiresAt } = found.session
  return callerOf(found.operator, { sessionId: id, signedInAt, expiresAt })
}

const callerOf = (
  { id, name, automation }: KnownOperator,
  session: Pick<OperatorCaller, 'sessionId' | 'signedInAt' | 'expiresAt'>,
): OperatorCaller => ({ kind: 'operator', id, name, automation, ...session })

/**
 * Makes sure that a call which a browser authenticates by itself was made by our own page.
 *
 * @throws Refused `origin_not_allowed`, `forbidden`
 */
export function checkPage({ publicUrl }: Bindings, headers: Headers): void {
  if (headers.get('origin') !== publicUrl) refuse('origin_not_allowed')
  if (headers.get(CSRF_HEADER) !== '1')
    refuse('forbidden', { message: `Send the header \`${CSRF_HEADER}: 1\`.` })
}

/**
 * Makes sure that a page may call. A browser names it; a key or session in a foreign page is not to be trusted.
 *
 * @param explain makes the message of the refusal, for the developer of the page
 * @throws Refused `origin_not_allowed`
 */
export function checkOrigin(
  headers: Headers,
  allowed: readonly string[],
  explain?: (origin: string) => string,
): void {
  const origin = headers.get('origin')
  if (origin !== null && !allowed.includes(origin))
    refuse('origin_not_allowed', explain && { message: explain(origin) })
}

export const bearerOf = (headers: Headers): string | undefined =>
  /^Bearer +(\S+)$/i.exec(headers.get('authorization') ?? '')?.[1]

/** The hash under which the session of a page is kept; undefined where no cookie of ours came. */
export function pageSecretHash(headers: Headers): string | undefined {
  const secret = parse(headers.get('cookie') ?? '', CONSOLE_COOKIE)[CONSOLE_COOKIE]
  return secret && fromBase64Url(secret)?.length === SESSION_SECRET_BYTES
    ? hashKey(secret)
    : undefined
}

/**
 * How the Directory recognises the secret `OPERATOR_KEY`.
 *
 * @throws Refused `unauthenticated` while it is not set: then no operator call is answered
 */
export function firstKeyOf({ operatorKey, development }: Bindings): FirstKey {
  if (!operatorKey) {
    refuse('unauthenticated', {
      message:
        'OPERATOR_KEY is not set, or is not csk_op_ and at least 32 random characters: until it is, no operator call is answered.',
    })
  }
  return { hash: hashKey(operatorKey), always: development }
}

/**
 * An operator as a user of the environment `operator`: the one who enrolls factors there and steps up.
 *
 * @throws Refused `forbidden` for an automation key, which names no user
 */
export async function asSubject(
  bindings: Bindings,
  { id, name, automation, sessionId, signedInAt, expiresAt }: OperatorCaller,
): Promise<SubjectCaller> {
  if (automation)
    refuse('forbidden', {
      message: 'Automation keys cannot step up. Use the key of a named operator.',
    })
  const environment = await openOperators(bindings)
  return {
    kind: 'subject',
    environment,
    session: {
      // All calls with the bare key share one window; each session of the page has its own.
      key: sessionKey(sessionId, id),
      subject: id,
      name,
      ...(sessionId !== undefined && { sessionId }),
      authTime: signedInAt,
      expiresAt: expiresAt ?? signedInAt + CONSOLE_SESSION_SECONDS,
    },
    who: whoIs(environment, id),
    object: operatorObject(bindings, id),
  }
}

/** The object that holds an operator's factors and history. */
export const operatorObject = (bindings: Bindings, id: string) =>
  subjectObject(bindings, OPERATOR_ENVIRONMENT, id)

/**
 * The environment of the operators. Its keys are made when it is first needed; its settings are never
 * stored, they follow from where the service is.
 */
export async function openOperators(bindings: Bindings): Promise<LiveEnvironment> {
  const [opened, guarded] = await Promise.all([openOrMake(bindings), isGuarded(bindings)])
  const settings = resolveSettings(operatorSettings(bindings.publicUrl))
  return {
    ...opened,
    settings,
    actions: operatorActions(opened.issuer, guarded),
    offered: offeredBy(settings),
  }
}

/** The environment that an operator names: one of the applications', or their own. */
export const openFor = (bindings: Bindings, id: string): Promise<LiveEnvironment> =>
  id === OPERATOR_ENVIRONMENT ? openOperators(bindings) : openEnvironment(bindings, id)

async function openOrMake(bindings: Bindings): Promise<LiveEnvironment> {
  try {
    return await openEnvironment(bindings, OPERATOR_ENVIRONMENT)
  } catch (error) {
    if (!(error instanceof Refused) || error.refusal.reason !== 'unknown_environment') throw error
  }
  const settings = operatorSettings(bindings.publicUrl)
  // Another call may have created it in the meantime.
  await environmentObject(bindings, OPERATOR_ENVIRONMENT).create(
    OPERATOR_ENVIRONMENT,
    settings,
    FIRST_OPERATOR,
  )
  forgetEnvironment(OPERATOR_ENVIRONMENT)
  return openEnvironment(bindings, OPERATOR_ENVIRONMENT)
}

/**
 * Returns whether any operator ever confirmed a factor: from then on every change asks for a step-up.
 * Until then, each call asks the operators' own objects; afterwards the Directory remembers it, even if
 * that operator is revoked.
 */
export async function isGuarded(bindings: Bindings): Promise<boolean> {
  const directory = directoryObject(bindings)
  const { operators, guarded } = await directory.operators()
  if (guarded) return true
  const persons = operators.filter(({ automation }) => !automation).map(({ id }) => id)
  const asked = [FIRST_OPERATOR, ...persons].map((id) => isEnrolled(bindings, id))
  const found = (await Promise.all(asked)).some(Boolean)
  if (found) await directory.guard()
  return found
}

export const isEnrolled = (bindings: Bindings, id: string): Promise<boolean> =>
  operatorObject(bindings, id).isEnrolled()
