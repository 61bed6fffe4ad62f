// Challenges of passkey ceremonies, bound to the caller, the purpose and the requested tokens.
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds, random } from '../clock.ts'
import { newChallenge, readChallenge, type Statement } from '../domain/tokens/challenge.ts'
import type { FailedAttempt } from '../edge/objects.ts'
import { recordFailedAttempt, recordRefusal } from './record-refusal.ts'

/** Creates a challenge for a ceremony of the caller. */
export const createChallenge = (
  caller: SubjectCaller,
  purpose: string,
  request: Parameters<typeof newChallenge>[2],
) =>
  newChallenge(
    caller.environment.secrets().dataKey,
    contextOf(caller, purpose),
    request,
    random,
    epochSeconds(),
  )

/**
 * Reads a challenge that the client sent back, and records a refusal in the user's history.
 *
 * @param type the type of the event that records a refusal
 * @throws Refused `passkey_rejected`, `challenge_expired`
 */
export const checkChallenge = (
  caller: SubjectCaller,
  purpose: string,
  carried: string,
  type: FailedAttempt['type'],
): Promise<Statement> =>
  recordRefusal(
    () =>
      readChallenge(
        caller.environment.secrets().dataKey,
        contextOf(caller, purpose),
        carried,
        epochSeconds(),
      ),
    (reason) => recordFailedAttempt(caller, { type, method: 'passkey', reason }),
  )

const contextOf = ({ environment, session }: SubjectCaller, purpose: string) => ({
  iss: environment.issuer,
  sub: session.subject,
  epoch: environment.epoch,
  purpose,
})
