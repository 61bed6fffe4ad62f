// What a session token must say, by the settings of an environment.
import { type EnvironmentSettings, FOREIGN_ALGORITHMS } from 'countersign/contract'
import { anyOf, duration } from '../words.ts'

/** A claim of a session token: whether it must be there, and what it holds. */
export interface TokenNeed {
  claim: string
  needed: string
  text: string
}

const ALWAYS = 'Always'
const DEFAULT_SECONDS = 600

/** Lists what session tokens need, in the names that the settings give their claims. */
export function tokenNeeds(settings: EnvironmentSettings): TokenNeed[] {
  const { session, firstFactor = 'freshSession' } = settings
  const { subjectClaim = 'sub', sessionIdClaim = 'sid', authTimeClaim = 'auth_time' } = session
  const { algorithms = FOREIGN_ALGORITHMS, audiences = [], acceptAnyAudience = false } = session
  const within = duration(settings.firstFactorSessionSeconds ?? DEFAULT_SECONDS)
  const isOwnSubject = subjectClaim === 'sub'
  return [
    { claim: 'alg', needed: ALWAYS, text: `In the header: ${anyOf(algorithms)}.` },
    { claim: 'iss', needed: ALWAYS, text: `Exactly ${session.issuer}.` },
    {
      claim: 'sub',
      needed: ALWAYS,
      text: isOwnSubject ? 'The user, by an id that never passes to another.' : 'Any text.',
    },
    ...(isOwnSubject
      ? []
      : [{ claim: subjectClaim, needed: ALWAYS, text: 'The user, by an id that never changes.' }]),
    { claim: 'exp', needed: ALWAYS, text: 'When the token ends, in epoch seconds.' },
    ...(acceptAnyAudience
      ? []
      : [{ claim: 'aud or azp', needed: ALWAYS, text: `${anyOf(audiences)}.` }]),
    firstFactor === 'freshSession'
      ? {
          claim: authTimeClaim,
          needed: 'To add a first factor',
          text: `When the user signed in, in epoch seconds: within ${within}.`,
        }
      : {
          claim: authTimeClaim,
          needed: 'For conditions',
          text: 'When the user signed in, in epoch seconds; conditions read it as session.ageSeconds.',
        },
    {
      claim: sessionIdClaim,
      needed: 'Recommended',
      text: 'The session. What is confirmed in one session then does not count in another.',
    },
  ]
}
