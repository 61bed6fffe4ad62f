// What a pasted token says, by the settings: who its user is, or what is wrong with it and where to change that. It
// reads the token in this page and verifies no signature, so a token without faults may still be refused.
import {
  authTimeOf,
  authTimeSource,
  brokenRule,
  CLOCK_TOLERANCE_SECONDS,
  type ClaimRule,
  FOREIGN_ALGORITHMS,
  isForAudience,
  isRecord,
  type LoginPreset,
  presetOf,
  type SessionSettings,
} from 'countersign/contract'
import { anyOf, lowerFirst, roughly } from '../words.ts'

/** Something that is wrong with a token. */
export interface Fault {
  text: string
  /** What to change, and where. */
  advice: string
  /** Whether the token is refused. Otherwise its user cannot do something. */
  isRefused: boolean
}

export interface Checked {
  faults: Fault[]
  subject?: string
  sessionId?: string
  authTime?: number
}

type Claims = Record<string, unknown>

/** Reads a token without verifying its signature. */
export function checkToken(text: string, session: SessionSettings, now: number): Checked {
  const preset = presetOf(session)
  const [header, claims] = partsOf(text)
  if (!header || !claims) {
    const what = 'This is not a JWT, which has three parts with dots between.'
    return { faults: [{ text: what, advice: rightToken(preset), isRefused: true }] }
  }
  const refusing = FAULTS.flatMap((find) => find({ header, claims, session, preset, now }) ?? [])
  const { subjectClaim = 'sub', sessionIdClaim = 'sid' } = session
  const [subject, sessionId] = [claims[subjectClaim], claims[sessionIdClaim]]
  const authTime = authTimeOf(claims, authTimeSource(session), now)
  return {
    faults: [
      ...refusing.map((fault) => ({ ...fault, isRefused: true })),
      ...(authTime === undefined ? [noTime(session, preset)] : []),
    ],
    ...(typeof subject === 'string' && { subject }),
    ...(typeof sessionId === 'string' && { sessionId }),
    ...(authTime !== undefined && { authTime }),
  }
}

function partsOf(text: string): (Claims | undefined)[] {
  const token = text.trim().replace(/^bearer\s+/i, '')
  const parts = token.split('.')
  return parts.length === 3 ? parts.slice(0, 2).map(decoded) : []
}

function decoded(part: string): Claims | undefined {
  try {
    const bytes = atob(part.replaceAll('-', '+').replaceAll('_', '/'))
    const value = JSON.parse(
      new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))),
    )
    return isRecord(value) ? value : undefined
  } catch {
    return undefined
  }
}

interface Given {
  header: Claims
  claims: Claims
  session: SessionSettings
  preset: LoginPreset | undefined
  now: number
}

/** Finds the reasons for which the service refuses a token, in its order. */
const FAULTS: ((given: Given) => Omit<Fault, 'isRefused'> | undefined)[] = [
  ({ header, session, preset }) => {
    const algorithms: readonly string[] = session.algorithms ?? FOREIGN_ALGORITHMS
    if (algorithms.some((algorithm) => algorithm === header.alg)) return undefined
    return {
      text: `It is signed with ${header.alg ?? 'no algorithm'}, which is not accepted.`,
      advice: `Let ${nameOf(preset)} sign with ${anyOf(algorithms)}, and sign in again.`,
    }
  },
  ({ claims, session, preset }) => {
    if (claims.iss === session.issuer) return undefined
    return {
      text: `${claimIn(claims, 'iss')} and must be ${quoted(session.issuer)}.`,
      advice: `Correct ${fieldsOf(preset, 'the issuer')}, or copy a token of this issuer.`,
    }
  },
  ({ claims, now }) => {
    if (typeof claims.exp !== 'number')
      return { text: `${claimIn(claims, 'exp')}: it needs epoch seconds.`, advice: 'Add it.' }
    if (claims.exp > now - CLOCK_TOLERANCE_SECONDS) return undefined
    return { text: `It ended ${roughly(now - claims.exp)} ago.`, advice: 'Copy a new one.' }
  },
  ({ claims, session, preset }) => {
    if (isForAudience(claims, session)) return undefined
    const claim = session.audienceClaim ?? (claims.aud === undefined ? 'azp' : 'aud')
    const wanted = anyOf((session.audiences ?? []).map(quoted))
    return {
      text: `${claimIn(claims, claim)} and must be ${wanted}.`,
      advice: preset
        ? `${rightToken(preset)} Or correct ${fieldsOf(preset, '')}.`
        : 'Let your issuer name this application, or add the value to the audiences of your session tokens.',
    }
  },
  ({ claims, session, preset }) => {
    const rule = brokenRule(claims, session.requiredClaims)
    return (
      rule && {
        text: `${claimIn(claims, rule.claim)} and must ${need(rule)}.`,
        advice: rightToken(preset),
      }
    )
  },
  ({ claims, session: { subjectClaim = 'sub' }, preset }) =>
    typeof claims[subjectClaim] === 'string' && claims[subjectClaim] !== ''
      ? undefined
      : { text: `\`${subjectClaim}\` names no user.`, advice: rightToken(preset) },
  ({ claims, session: { sessionIdClaim = 'sid' }, preset }) => {
    const id = claims[sessionIdClaim]
    if (id === undefined || (typeof id === 'string' && id !== '')) return undefined
    return {
      text: `${claimIn(claims, sessionIdClaim)} and must be a text.`,
      advice: `Let ${nameOf(preset)} write the session id as text, or leave it out.`,
    }
  },
]

function need(rule: ClaimRule): string {
  if ('equals' in rule) return `be ${quoted(rule.equals)}`
  return 'includes' in rule ? `contain ${quoted(rule.includes)}` : 'be missing'
}

const noTime = (session: SessionSettings, preset: LoginPreset | undefined): Fault => ({
  text: 'It does not say when the user signed in, so its user cannot add a first factor.',
  advice:
    preset?.authTime.note ??
    `Add \`${authTimeSource(session).claim}\` to your session tokens, or let your backend vouch for users.`,
  isRefused: false,
})

const quoted = (text: string): string => `“${text}”`

function claimIn(claims: Claims, name: string): string {
  const value = claims[name]
  if (value === undefined) return `\`${name}\` is missing`
  return `\`${name}\` is ${typeof value === 'string' ? quoted(value) : JSON.stringify(value)}`
}

const nameOf = (preset: LoginPreset | undefined): string => preset?.name ?? 'your issuer'

/** Names the values that the operator entered for a preset. */
const fieldsOf = (preset: LoginPreset | undefined, other: string): string =>
  preset ? anyOf(Object.values(preset.values).map(({ label }) => `“${label}”`)) : other

const rightToken = (preset: LoginPreset | undefined): string =>
  preset
    ? `Send ${lowerFirst(preset.token)}`
    : 'Copy the token that your page sends to your own API. Let your issuer sign it as a JWT.'
