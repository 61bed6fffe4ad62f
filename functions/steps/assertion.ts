// The application's assertion of a caller, read as their environment says.

import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { refuse } from '../domain/refusal.ts'
import { type VerifiedAssertion, verifyAssertion } from '../domain/tokens/assertion.ts'
import { keysOf } from '../edge/sessions.ts'

/**
 * Verifies an assertion about the user who calls.
 *
 * @throws Refused `assertion_invalid`, also where the environment takes none
 */
export function readAssertion(
  { environment, session }: SubjectCaller,
  assertion: string,
): Promise<VerifiedAssertion> {
  const { assertions } = environment.settings
  if (!assertions)
    refuse('assertion_invalid', {
      message: 'This environment does not accept assertions: configure `assertions` first.',
    })
  const { issuer, maxAcr, keys } = assertions
  const terms = { issuer, maxAcr, audience: environment.issuer }
  return verifyAssertion(
    assertion,
    terms,
    session.subject,
    keysOf(environment, keys),
    epochSeconds(),
  )
}
