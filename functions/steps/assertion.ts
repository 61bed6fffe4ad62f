// Verifies an assertion with the settings of the caller's environment.
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { refuse } from '../domain/refusal.ts'
import { type VerifiedAssertion, verifyAssertion } from '../domain/tokens/assertion.ts'
import { keysOf } from '../edge/sessions.ts'

/**
 * Verifies an assertion about the user who calls.
 *
 * @throws Refused `assertion_invalid`, also if the environment accepts no assertions
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
