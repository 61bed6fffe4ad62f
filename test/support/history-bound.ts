// Computes how many events a stolen session can write in an hour, from the current limits.
import { BUILT_IN_ACTIONS, REASONS } from '../../contract/index.ts'
import {
  CHANGES_PER_USER,
  FAILURES_PER_DAY,
  PASSKEY_FAILURES_PER_USER,
} from '../../functions/domain/factors/throttle.ts'

/** What `actions` of a settings document may hold at most. */
const ACTIONS_MAX = 100
/** Attempts that are refused before the object has anything to check: by passkey twice, by assertion. */
const UNREAD_ATTEMPTS = 3
/** Refused for too many wrong codes, locked, refused for too many failed passkeys. */
const BARRED = 3

/** One event an hour for each of these at most. */
const TALLIED =
  UNREAD_ATTEMPTS * Object.keys(REASONS).length +
  BARRED +
  ACTIONS_MAX +
  Object.keys(BUILT_IN_ACTIONS).length

export const EVENTS_PER_HOUR_MAX =
  CHANGES_PER_USER.count + PASSKEY_FAILURES_PER_USER.count + FAILURES_PER_DAY + TALLIED
