// Reads the claims of a session token as the settings say: whether it is for this application, whether it is of the
// right kind, and when its user signed in. The service and the dashboard both apply these rules.
import type { SessionSettings } from '../environment.ts'
import type { AuthTimeSource, ClaimRule } from '../session.ts'
import { CLOCK_TOLERANCE_SECONDS, isRecord, LAST_EPOCH_SECOND } from './wire.ts'

type Claims = Readonly<Record<string, unknown>>

const own = (claims: Claims, name: string): unknown =>
  Object.hasOwn(claims, name) ? claims[name] : undefined

/** Returns whether a token is for one of the audiences of the settings. */
export function isForAudience(
  claims: Claims,
  {
    audiences = [],
    acceptAnyAudience,
    audienceClaim,
  }: Pick<SessionSettings, 'audiences' | 'acceptAnyAudience' | 'audienceClaim'>,
): boolean {
  if (acceptAnyAudience) return true
  const named = audienceClaim ? own(claims, audienceClaim) : (claims.aud ?? claims.azp)
  const list = Array.isArray(named) ? named : [named]
  return list.some((audience) => typeof audience === 'string' && audiences.includes(audience))
}

/** Returns the first rule that the claims of a token break, or undefined if they break no rule. */
export const brokenRule = (
  claims: Claims,
  rules: readonly ClaimRule[] = [],
): ClaimRule | undefined => rules.find((rule) => !meets(own(claims, rule.claim), rule))

function meets(value: unknown, rule: ClaimRule): boolean {
  if ('absent' in rule) return value === undefined
  if ('equals' in rule) return value === rule.equals
  const words = typeof value === 'string' ? value.split(' ') : value
  return Array.isArray(words) && words.includes(rule.includes)
}

/** Returns where the settings say that the time of the sign-in is. */
export const authTimeSource = ({
  authTime,
  authTimeClaim = 'auth_time',
}: Pick<SessionSettings, 'authTime' | 'authTimeClaim'>): AuthTimeSource =>
  authTime ?? { from: 'claim', claim: authTimeClaim }

/**
 * Returns when the user of a token signed in, in whole epoch seconds. It is never later than the issue of the token or
 * than `now`.
 *
 * @returns undefined if the token does not say it, says it in another form, or names a future time
 */
export function authTimeOf(
  claims: Claims,
  source: AuthTimeSource,
  now: number,
): number | undefined {
  const issuedAt = seconds(claims.iat)
  const said = saidBy(own(claims, source.claim), source, issuedAt)
  const latest = Math.min(now, issuedAt ?? now)
  if (said === undefined || said > latest + CLOCK_TOLERANCE_SECONDS) return undefined
  return Math.floor(Math.min(said, latest))
}

function saidBy(
  value: unknown,
  source: AuthTimeSource,
  issuedAt: number | undefined,
): number | undefined {
  if (source.from === 'claim') return seconds(value)
  if (!Array.isArray(value)) return undefined
  if (source.from === 'newest') return newest(value, source)
  const minutes: unknown = value[source.index]
  if (typeof minutes !== 'number' || !Number.isInteger(minutes) || minutes < 0) return undefined
  // The age is rounded down: the sign-in may be almost a minute older.
  return issuedAt === undefined ? undefined : seconds(issuedAt - 60 * (minutes + 1))
}

/** Returns the newest time of a list. An entry in another form makes the whole list unusable. */
function newest(
  list: readonly unknown[],
  { member, except }: Extract<AuthTimeSource, { from: 'newest' }>,
): number | undefined {
  let latest: number | undefined
  for (const entry of list) {
    if (!isRecord(entry)) return undefined
    if (except?.values.some((value) => value === own(entry, except.member))) continue
    const at = seconds(own(entry, member))
    if (at === undefined) return undefined
    if (latest === undefined || at > latest) latest = at
  }
  return latest
}

/** Returns a time in epoch seconds (RFC 7519, NumericDate), or undefined if a value is not one. */
const seconds = (value: unknown): number | undefined =>
  typeof value === 'number' && value >= 0 && value <= LAST_EPOCH_SECOND ? value : undefined
