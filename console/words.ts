// Failures, names and measures in words. What the service says of a refusal is a sentence for people
// already; here stands what it cannot say: that it was not reached, and what a page does about it.
import { isCountersignError, reasonOf } from 'countersign'
import type { Acr, EnvironmentSettings, Method, Rule } from 'countersign/contract'
import type { Words } from '../ui/notice.tsx'

const TITLES: Record<string, string> = {
  conflict: 'It was changed in the meantime',
  input_invalid: 'This cannot be saved as it is',
  unauthenticated: 'You are signed out',
  session_not_fresh: 'Sign in again first',
  step_up_required: 'Confirm that it is you',
  forbidden: 'Not allowed',
  denied: 'Not allowed',
  rate_limited: 'Too many attempts',
  locked: 'Codes are locked',
  unknown_environment: 'There is no such environment',
  unavailable: 'The service cannot be reached',
  too_large: 'This is too large',
}

/** Returns a failure in words; undefined where the operator cancelled. */
export function wordsOf(error: unknown): Words | undefined {
  if (isCountersignError(error) && error.reason === 'cancelled') return undefined
  const reason = reasonOf(error)?.reason ?? (isCountersignError(error) ? error.reason : undefined)
  const message = error instanceof Error ? error.message : String(error)
  if (!reason || (reason === 'unavailable' && /fetch|network|JSON/i.test(message)))
    return {
      title: TITLES.unavailable ?? '',
      text: navigator.onLine
        ? 'Nothing was changed that we know of. Try again in a moment.'
        : 'You are offline. Connect to the network and try again.',
    }
  return { title: TITLES[reason] ?? 'That did not work', text: sentence(message) }
}

export const isConflict = (error: unknown): boolean =>
  (isCountersignError(error) ? error.reason : reasonOf(error)?.reason) === 'conflict'

/** With a capital at the beginning, and without the backticks of a terminal. */
export const sentence = (text: string): string =>
  (text.charAt(0).toUpperCase() + text.slice(1)).replaceAll('`', '')

/** With a small letter at the beginning, to follow other words. */
export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1)

export const METHOD_NAMES: Record<Method, string> = {
  totp: 'Authenticator app',
  passkey: 'Passkey',
  recovery: 'Recovery code',
  assertion: 'Backend assertion',
}

/** A method inside a sentence. */
export const METHOD_PHRASES: Record<Method, string> = {
  totp: 'an authenticator code',
  passkey: 'a passkey',
  recovery: 'a recovery code',
  assertion: 'a backend assertion',
}

export const ACR_NAMES: Record<Acr, string> = {
  recovery: 'Recovery code or better',
  mfa: 'Authenticator code or better',
  phr: 'Passkey alone',
}

export const REQUIRE_NAMES: Record<Rule['require'], string> = {
  never: 'Nobody',
  whenEnrolled: 'Users who have enrolled',
  always: 'Every user',
  deny: 'Refuse everybody',
}

export const DETAILS_NAMES: Record<Rule['details'], string> = {
  none: 'Ignored',
  optional: 'Bound if sent',
  required: 'Required',
}

export const MODE_NAMES: Record<Rule['mode'], string> = {
  enforce: 'Enforce',
  observe: 'Monitor only',
}

type Choice<K extends keyof EnvironmentSettings> = NonNullable<EnvironmentSettings[K]> & string

export const ENROLLMENT_NAMES: Record<Choice<'enrollment'>, string> = {
  none: 'Never',
  onboarding: 'At onboarding',
  action: 'When an action needs it',
}

export const FIRST_FACTOR_NAMES: Record<Choice<'firstFactor'>, string> = {
  freshSession: 'A user who signed in recently',
  assertion: 'A user your backend vouches for',
}

export const LEGACY_NAMES: Record<Choice<'mfaTokens'>, string> = {
  off: 'None',
  single: 'For one use',
  session: 'For the session',
}

export const DPOP_NAMES: Record<Choice<'senderConstrained'>, string> = {
  none: 'Off',
  dpop: 'On',
  dpopNonce: 'On, with a nonce',
}

/** `a, b or c`. */
export function anyOf(words: readonly string[]): string {
  const [last = '', ...rest] = words.toReversed()
  return rest.length === 0 ? last : `${rest.toReversed().join(', ')} or ${last}`
}

/** A length of time as people say it: `5 minutes`. */
export function duration(seconds: number): string {
  const [unit, size] =
    seconds % 86_400 === 0
      ? ['day', 86_400]
      : seconds % 3600 === 0
        ? ['hour', 3600]
        : seconds % 60 === 0
          ? ['minute', 60]
          : ['second', 1]
  return plural(seconds / Number(size), String(unit))
}

/** About how long ago something was: whole minutes, hours or days where there are two or more. */
export function roughly(seconds: number): string {
  const unit = [86_400, 3600, 60].find((size) => seconds >= 2 * size) ?? 1
  return duration(seconds - (seconds % unit))
}

export const plural = (count: number, word: string): string =>
  `${count.toLocaleString('en')} ${word}${count === 1 ? '' : 's'}`

/** A number of a count, shortened where it is long. */
export const compact = (count: number): string =>
  new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 1 }).format(count)
