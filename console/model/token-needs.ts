// What a session token must say, by the settings of an environment.
import {
  type AuthTimeSource,
  authTimeSource,
  type ClaimRule,
  type EnvironmentSettings,
  FOREIGN_ALGORITHMS,
} from 'countersign/contract'
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
  const { subjectClaim = 'sub', sessionIdClaim = 'sid', requiredClaims = [] } = session
  const { algorithms = FOREIGN_ALGORITHMS, audiences = [], acceptAnyAudience = false } = session
  const source = authTimeSource(session)
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
      : [
          {
            claim: session.audienceClaim ?? 'aud or azp',
            needed: ALWAYS,
            text: `${anyOf(audiences)}.`,
          },
        ]),
    ...requiredClaims.map(needOf),
    firstFactor === 'freshSession'
      ? {
          claim: source.claim,
          needed: 'To add a first factor',
          text: `${timeIn(source)}: within ${within}.`,
        }
      : {
          claim: source.claim,
          needed: 'For conditions',
          text: `${timeIn(source)}; conditions read it as session.ageSeconds.`,
        },
    {
      claim: sessionIdClaim,
      needed: 'Recommended',
      text: 'The session. What is confirmed in one session then does not count in another.',
    },
  ]
}

function needOf(rule: ClaimRule): TokenNeed {
  const { claim } = rule
  if ('absent' in rule) return { claim, needed: 'Never', text: 'Must be missing.' }
  const text = 'equals' in rule ? `Exactly ${rule.equals}.` : `Contains ${rule.includes}.`
  return { claim, needed: ALWAYS, text }
}

function timeIn(source: AuthTimeSource): string {
  if (source.from === 'claim') return 'When the user signed in, in epoch seconds'
  return source.from === 'newest'
    ? `Entries with ${source.member} in epoch seconds. The newest is the sign-in`
    : `Minutes since the sign-in when the token was issued, at place ${source.index}`
}
