// What decides every check of a user: what they have, and when they last stepped up. Read in one statement.
import type { SubjectFacts } from '../../../contract/index.ts'
import { isUsable, type PasskeyCredential } from '../../domain/factors/passkey.ts'

const QUERY = `SELECT
  (SELECT value FROM notes WHERE key = 'enrolled') AS enrolled,
  (SELECT value FROM notes WHERE key = 'lastStepUpAt') AS steppedUpAt,
  (SELECT MAX(last_used_at) FROM factors) AS usedAt,
  (SELECT MAX(confirmed_at) FROM factors) AS confirmedAt,
  EXISTS (SELECT 1 FROM factors WHERE kind = 'totp' AND confirmed_at IS NOT NULL) AS totp,
  (SELECT json_group_array(json(secret)) FROM factors WHERE kind = 'passkey' AND confirmed_at IS NOT NULL)
    AS passkeys,
  EXISTS (SELECT 1 FROM recovery_codes WHERE spent_at IS NULL AND epoch >= ?) AS recovery`

type Row = {
  enrolled: string | null
  steppedUpAt: string | null
  usedAt: number | null
  confirmedAt: number | null
  totp: number
  passkeys: string
  recovery: number
}

/**
 * Returns what a user has, and how long ago their newest factor was confirmed and their last step-up passed.
 *
 * @param rpId only its passkeys count
 * @param epoch only its recovery codes, and newer ones, count
 */
export function readFacts(
  sql: SqlStorage,
  { epoch, rpId }: { epoch: number; rpId: string },
  now: number,
): SubjectFacts {
  const row = sql.exec<Row>(QUERY, epoch).one()
  const passkeys: PasskeyCredential[] = JSON.parse(row.passkeys)
  const steppedUpAt = Math.max(Number(row.steppedUpAt), row.usedAt ?? 0)
  return {
    enrolled: row.enrolled === 'true',
    totp: row.totp === 1,
    passkey: passkeys.some((credential) => isUsable(credential, rpId)),
    recovery: row.recovery === 1,
    ...(row.confirmedAt && { newestFactorAgeSeconds: Math.max(0, now - row.confirmedAt) }),
    ...(steppedUpAt > 0 && { lastStepUpAgeSeconds: Math.max(0, now - steppedUpAt) }),
  }
}
