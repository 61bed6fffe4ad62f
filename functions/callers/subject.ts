// Verifies users by the application's session token, and turns operators into users of Countersign itself.
import { CONSOLE_SESSION_SECONDS } from '../domain/operators.ts'
import { refuse } from '../domain/refusal.ts'
import { type Session, tokenKeyOf } from '../domain/tokens/session.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import { type SubjectObject, subjectObject, type Who } from '../edge/objects.ts'
import { openOperators, operatorObject } from '../edge/operator-environment.ts'
import { authenticate } from '../edge/sessions.ts'
import type { Bindings } from '../env.ts'
import type { OperatorCaller } from './operator.ts'

/** A verified user. */
export interface SubjectCaller {
  kind: 'subject'
  environment: LiveEnvironment
  session: Session
  who: Who
  object: SubjectObject
  /** Returns the country of the call, if it is known. */
  country?: () => string | undefined
}

/**
 * Verifies the session token of a user.
 *
 * @throws Refused `unauthenticated`, or `unavailable` if the issuer's keys cannot be fetched
 */
export async function verifySubject(
  bindings: Bindings,
  environment: LiveEnvironment,
  bearer: string,
): Promise<SubjectCaller> {
  const session = await authenticate(environment, bindings.publicUrl, bearer)
  return {
    kind: 'subject',
    environment,
    session,
    who: whoIs(environment, session.subject),
    object: subjectObject(bindings, environment.id, session.subject),
  }
}

/**
 * Returns an operator as a user of the environment `operator`, where they enroll factors and step up.
 *
 * @throws Refused `forbidden` for an automation key, which belongs to no person
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
      subject: id,
      name,
      // All calls with the key itself count as one session; each dashboard session counts by itself.
      ...(sessionId === undefined ? { tokenKey: tokenKeyOf(id) } : { sessionId }),
      authTime: signedInAt,
      expiresAt: expiresAt ?? signedInAt + CONSOLE_SESSION_SECONDS,
    },
    who: whoIs(environment, id),
    object: operatorObject(bindings, id),
  }
}

/** Identifies a user to their Subject object, with the settings that every call needs. */
export const whoIs = ({ id, epoch, settings }: LiveEnvironment, subject: string): Who => ({
  environment: id,
  subject,
  epoch,
  keepDays: settings.history.keepDays,
  rpId: settings.rpId,
})
