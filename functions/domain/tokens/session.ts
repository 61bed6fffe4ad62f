// Verifies the application's session token, and reads the user, the time of the sign-in and the expiry from it.
// edge/sessions.ts fetches the keys of the issuer.
import type { JWTPayload } from 'jose'
import * as z from 'zod/mini'
import {
  type AuthTimeSource,
  authTimeOf,
  authTimeSource,
  brokenRule,
  COMPACT_JWT,
  isForAudience,
  LAST_EPOCH_SECOND,
  Label,
  SessionId,
  type SessionWarning,
  SubjectId,
} from '../../../contract/index.ts'
import { hashParts, toBase64Url } from '../bytes.ts'
import { cutOff } from '../depth.ts'
import { refuse } from '../refusal.ts'
import type { Settings } from '../settings/settings.ts'
import { ASSERTION_TYPE } from './assertion.ts'
import { type ForeignKeys, unauthenticated, verifyForeign } from './foreign.ts'
import { MFA_TYPE } from './legacy.ts'
import { ELEVATED_TYPE } from './token.ts'

const CLIENT_ID_MAX_CHARACTERS = 255

/** A verified session. */
export interface Session {
  subject: string
  /** The user's name, which their authenticator app and passkeys show. */
  name?: string
  sessionId?: string
  /** Identifies a session without `sessionId`: a hash of its token. */
  tokenKey?: string
  clientId?: string
  /** When the user signed in, in epoch seconds. Missing if the token does not say it, or names a future time. */
  authTime?: number
  expiresAt: number
  /** All verified claims, to a limited depth. Missing if no condition can read them. */
  claims?: Record<string, unknown>
}

/**
 * Returns the key under which a session's events are counted: a hash of its id, or else of its token.
 *
 * @returns 43 characters, whatever the length of the id
 * @example sessionKey(caller.session)
 */
export const sessionKey = ({ sessionId, tokenKey }: Pick<Session, 'sessionId' | 'tokenKey'>) =>
  sessionId ? keyOf(sessionId, '') : (tokenKey ?? '')

/** Returns the key of a session without an id. */
export const tokenKeyOf = (token: string): string => keyOf('', token)

const keyOf = (sessionId: string, token: string): string =>
  toBase64Url(hashParts('countersign/session/v1', sessionId, token))

const OptionalSessionId = z.optional(SessionId)
const NumericDate = z.number().check(z.gte(0), z.lte(LAST_EPOCH_SECOND))

/**
 * Verifies a session token (RFC 7519; RFC 8725, sections 3.1, 3.8, 3.9 and 3.11).
 *
 * @param keys returns the issuer's key for a token
 * @param publicUrl the address of the service, whose own access tokens are refused
 * @throws Refused `unauthenticated` with the fault, or `unavailable` from `keys`
 */
export async function verifySession(
  token: string,
  settings: Settings['session'],
  keys: ForeignKeys,
  now: number,
  publicUrl: string,
): Promise<Session> {
  if (!COMPACT_JWT.test(token))
    unauthenticated('The bearer is not a session token in compact form.')
  const { payload, protectedHeader } = await verifyForeign(
    token,
    settings.issuer,
    settings.algorithms,
    keys,
    now,
  )
  refuseOtherTypes(protectedHeader.typ, payload, publicUrl)
  checkAudience(payload, settings)
  checkRequiredClaims(payload, settings)
  return readSession(token, payload, settings, now)
}

/** Refuses Countersign's own tokens and assertions, in any spelling of their type (RFC 7515, section 4.1.9). */
function refuseOtherTypes(type: unknown, payload: JWTPayload, publicUrl: string): void {
  const name = typeof type === 'string' ? type.toLowerCase().replace(/^application\//, '') : ''
  const ours = payload.iss === publicUrl || payload.iss?.startsWith(`${publicUrl}/`)
  if (name === MFA_TYPE || name === ASSERTION_TYPE || (name === ELEVATED_TYPE && ours)) {
    unauthenticated('This token is not a session token.')
  }
}

function checkAudience(payload: JWTPayload, settings: Settings['session']): void {
  if (isForAudience(payload, settings)) return
  const { audienceClaim } = settings
  unauthenticated(
    audienceClaim
      ? `The session token is for another application: its \`${audienceClaim}\` is not one of the audiences.`
      : 'The session token is for another audience.',
  )
}

/** Refuses tokens of another kind, such as an ID token in place of an access token (RFC 8725, section 3.12). */
function checkRequiredClaims(payload: JWTPayload, { requiredClaims }: Settings['session']): void {
  const broken = brokenRule(payload, requiredClaims)
  if (!broken) return
  const { claim } = broken
  const need =
    'equals' in broken
      ? `\`${claim}\` must be \`${broken.equals}\``
      : 'includes' in broken
        ? `\`${claim}\` must contain \`${broken.includes}\``
        : `it must not have \`${claim}\``
  unauthenticated(`The session token is of another kind: ${need}.`)
}

function readSession(
  token: string,
  payload: JWTPayload,
  settings: Settings['session'],
  now: number,
): Session {
  const subject = SubjectId.safeParse(payload[settings.subjectClaim])
  if (!subject.success)
    unauthenticated(`The session token names no user in \`${settings.subjectClaim}\`.`)
  const expiresAt = NumericDate.safeParse(payload.exp)
  if (!expiresAt.success) unauthenticated('The session token has no usable `exp`.')
  const sid = payload[settings.sessionIdClaim]
  const sessionId = OptionalSessionId.safeParse(sid)
  if (!sessionId.success)
    unauthenticated(`The session token has a malformed \`${settings.sessionIdClaim}\`.`)
  const authTime = authTimeOf(payload, authTimeSource(settings), now)
  const name = settings.nameClaim && Label.safeParse(payload[settings.nameClaim]).data
  const clientId = [payload.azp, payload.client_id].find(
    (id) => typeof id === 'string' && id !== '' && id.length <= CLIENT_ID_MAX_CHARACTERS,
  )
  return {
    subject: subject.data,
    expiresAt: Math.floor(expiresAt.data),
    claims: cutOff(payload) as Record<string, unknown>,
    ...(sessionId.data === undefined
      ? { tokenKey: tokenKeyOf(token) }
      : { sessionId: sessionId.data }),
    ...(name && { name }),
    ...(typeof clientId === 'string' && { clientId }),
    ...(authTime !== undefined && { authTime }),
  }
}

type FirstFactorSettings = Pick<
  Settings,
  'session' | 'firstFactor' | 'firstFactorSessionSeconds' | 'assertions'
>
type Staleness = Extract<SessionWarning, { code: 'auth_time_missing' | 'sign_in_too_old' }>

/** Returns why a session is not fresh enough to enroll a first factor, or undefined if it is. */
function stalenessOf(
  { authTime }: Session,
  { session, firstFactorSessionSeconds: longestAgeSeconds }: FirstFactorSettings,
  now: number,
): Staleness | undefined {
  const { claim } = authTimeSource(session)
  if (authTime === undefined) return { code: 'auth_time_missing', claim }
  const ageSeconds = now - authTime
  if (ageSeconds <= longestAgeSeconds) return undefined
  return { code: 'sign_in_too_old', claim, ageSeconds, longestAgeSeconds }
}

/**
 * Makes sure that a user signed in recently enough to enroll a first factor.
 *
 * @throws Refused `session_not_fresh` with the age of the sign-in, or with the missing claim
 */
export function requireFresh(session: Session, settings: FirstFactorSettings, now: number): void {
  const stale = stalenessOf(session, settings, now)
  if (stale) {
    const message = describe(stale, settings)
    refuse('session_not_fresh', { message })
  }
}

/** Explains what a session token needs so that it says when its user signed in. */
const MISSING_TIME: {
  [F in AuthTimeSource['from']]: (source: Extract<AuthTimeSource, { from: F }>) => string
} = {
  claim: ({ claim }) =>
    `The session token has no usable \`${claim}\`: add the time of the sign-in, in epoch seconds, to the application's session tokens.`,
  newest: ({ claim, member }) =>
    `The session token has no usable time of the sign-in in \`${claim}\`: each entry needs \`${member}\`, in epoch seconds.`,
  minutesAgo: ({ claim, index }) =>
    `The session token has no usable age of the sign-in in \`${claim}\`: it needs whole minutes at index ${index}, and \`iat\`.`,
}

function describe(stale: Staleness, { session, assertions }: FirstFactorSettings): string {
  if (stale.code === 'sign_in_too_old') {
    const { claim, ageSeconds, longestAgeSeconds } = stale
    return `The sign-in was ${ageSeconds} seconds ago (\`${claim}\`), but the limit is ${longestAgeSeconds} seconds: sign in again, then retry.`
  }
  const source = authTimeSource(session)
  const addIt = (MISSING_TIME[source.from] as (source: AuthTimeSource) => string)(source)
  return assertions
    ? `${addIt} Or set \`firstFactor\` to \`assertion\` and send an assertion.`
    : addIt
}

/** Returns the warnings about a verified session token, for an operator who tries it. */
export function warningsOf(
  session: Session,
  settings: FirstFactorSettings,
  now: number,
): SessionWarning[] {
  const stale =
    settings.firstFactor === 'freshSession' ? stalenessOf(session, settings, now) : undefined
  return [
    ...(stale ? [stale] : []),
    ...(session.sessionId === undefined
      ? [{ code: 'session_id_missing' as const, claim: settings.session.sessionIdClaim }]
      : []),
  ]
}
