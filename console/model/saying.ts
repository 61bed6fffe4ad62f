// Settings in words: what a place of a settings document is called on this page, and what a value there
// says. The names are those of the forms.
import {
  type ActionEntry,
  type AuthTimeSource,
  type ClaimRule,
  isRecord,
  type SettingChange,
} from 'countersign/contract'
import { titleOf } from '../rules.ts'
import {
  ACR_NAMES,
  anyOf,
  DETAILS_NAMES,
  DPOP_NAMES,
  duration,
  ENROLLMENT_NAMES,
  FIRST_FACTOR_NAMES,
  LEGACY_NAMES,
  METHOD_NAMES,
  MODE_NAMES,
  plural,
  REQUIRE_NAMES,
} from '../words.ts'

/** A part of a value under its name. */
export interface Part {
  name: string
  text: string
}

type Say = (value: unknown) => string

const listed: Say = (value) => (Array.isArray(value) ? value.join('\n') : String(value))
const seconds: Say = (value) => duration(Number(value))
const onOrOff: Say = (value) => (value ? 'On' : 'Off')
const yesOrNo: Say = (value) => (value ? 'Yes' : 'No')
const json: Say = (value) => JSON.stringify(value, null, 2)
const keys: Say = (value) =>
  isRecord(value) && typeof value.jwksUri === 'string' ? value.jwksUri : json(value)
const named =
  (names: Readonly<Record<string, string>>): Say =>
  (value) =>
    names[String(value)] ?? String(value)
const methods: Say = (value) =>
  Array.isArray(value) && value.length > 0 ? value.map(named(METHOD_NAMES)).join(', ') : 'None'

const rules: Say = (value) =>
  (value as ClaimRule[])
    .map((rule) => {
      if ('absent' in rule) return `${rule.claim} must be missing`
      return 'equals' in rule
        ? `${rule.claim} must be ${rule.equals}`
        : `${rule.claim} must contain ${rule.includes}`
    })
    .join('\n')

function source(value: unknown): string {
  const said = value as AuthTimeSource
  if (said.from === 'claim') return `${said.claim}, in epoch seconds`
  if (said.from === 'minutesAgo')
    return `Minutes before the token was issued, at place ${said.index} of ${said.claim}`
  const { member, values } = said.except ?? { member: '', values: [] }
  const except = values.length > 0 ? `, not of ${member} ${anyOf(values)}` : ''
  return `The newest ${said.member} in ${said.claim}${except}`
}

const RULE: Record<string, readonly [name: string, say?: Say]> = {
  require: ['Who is asked', named(REQUIRE_NAMES)],
  methods: ['Methods', methods],
  acr: ['Assurance level', named(ACR_NAMES)],
  singleUse: ['A token is good', (value) => (value ? 'For one use' : 'For its lifetime')],
  lifetimeSeconds: ['Lifetime', seconds],
  freshnessSeconds: ['Freshness', seconds],
  details: ['Details of the action', named(DETAILS_NAMES)],
  acceptsMfaToken: ['Also accepts a legacy token', yesOrNo],
  dpop: ['Only tokens that are bound to a key (DPoP)', yesOrNo],
  mode: ['Mode', named(MODE_NAMES)],
}

const PLACES: typeof RULE = {
  name: ['Name'],
  'session.issuer': ['Issuer of session tokens'],
  'session.keys': ['Public keys of session tokens', keys],
  'session.algorithms': ['Signature algorithms', listed],
  'session.audiences': ['Audiences of your session tokens', listed],
  'session.acceptAnyAudience': ['Accept tokens for any audience', yesOrNo],
  'session.audienceClaim': ['Claim: Audience'],
  'session.requiredClaims': ['Required claims', rules],
  'session.subjectClaim': ['Claim: User'],
  'session.sessionIdClaim': ['Claim: Session id'],
  'session.authTimeClaim': ['Claim: Time of sign-in'],
  'session.authTime': ['Where the time of sign-in is', source],
  'session.nameClaim': ['Claim: Name'],
  rpId: ['Passkey domain'],
  rpName: ['Relying party name'],
  origins: ['Web origins', listed],
  audiences: ['APIs (audiences)', listed],
  enrollment: ['Your pages ask for a first factor', named(ENROLLMENT_NAMES)],
  firstFactor: ['Who may add the first factor', named(FIRST_FACTOR_NAMES)],
  firstFactorSessionSeconds: ['“Recently” means within', seconds],
  'methods.passkey.enabled': ['Passkeys', onOrOff],
  'methods.totp.enabled': ['Authenticator apps', onOrOff],
  'methods.totp.algorithm': ['Authenticator codes: algorithm'],
  'methods.totp.digits': ['Authenticator codes: digits'],
  'methods.totp.periodSeconds': ['Authenticator codes: period', seconds],
  'methods.recovery.enabled': ['Recovery codes', onOrOff],
  mfaTokens: ['Legacy tokens', named(LEGACY_NAMES)],
  senderConstrained: ['Tokens bound to the page’s key (DPoP)', named(DPOP_NAMES)],
  'assertions.issuer': ['Issuer of assertions'],
  'assertions.keys': ['Public keys of assertions', keys],
  'assertions.maxAcr': ['Maximum level of assertions', named(ACR_NAMES)],
  'history.keepDays': ['Keep history', (value) => plural(Number(value), 'day')],
  'action.title': ['Title'],
  'action.sentence': ['Sentence'],
  'action.scope': ['Scope'],
  'action.audience': ['API'],
  'action.detailsSchema': ['Schema of the details', json],
  'action.stricter': ['Stricter case'],
  // Wholes, where they come, go or clash.
  session: ['Sign-in of your application'],
  methods: ['Methods'],
  assertions: ['Backend assertions'],
  history: ['Keep history'],
  ...Object.fromEntries(Object.entries(RULE).map(([name, said]) => [`action.base.${name}`, said])),
}

const ACTION = /^actions\[(?<action>[^\]]+)\]\.?(?<rest>.*)$/

/** `actions[x].base.acr` → the action, and the place within any. */
function split(path: string): { action?: string; place: string } {
  const { action, rest = '' } = ACTION.exec(path)?.groups ?? {}
  if (!action) return { place: path }
  return { action, place: rest ? `action.${rest}` : 'action' }
}

/**
 * What the place is called on this page: `Sign with a wallet: Lifetime`.
 *
 * @param actions those of the settings, which name themselves
 */
export function placeName(path: string, actions?: readonly ActionEntry[]): string {
  const { action, place } = split(path)
  const name = PLACES[place]?.[0] ?? place
  if (!action) return name
  const title = titleOf(action, actions)
  return place === 'action' ? title : `${title}: ${name}`
}

/** What a value says: one part where it is one thing, several where it is a whole. */
export function partsOf(path: string, value: unknown): Part[] {
  if (value === undefined) return []
  return partsAt(split(path).place, value)
}

function partsAt(place: string, value: unknown): Part[] {
  const [name = place, say] = PLACES[place] ?? []
  if (place === 'action.stricter')
    return (Array.isArray(value) ? value : [value]).map((one) => caseOf(one as Case))
  if (!say && isRecord(value)) {
    const members = Object.entries(value).filter(
      ([member, inner]) => inner !== undefined && !(place === 'action' && member === 'action'),
    )
    return members.flatMap(([member, inner]) => partsAt(`${place}.${member}`, inner))
  }
  const text = say ? say(value) : typeof value === 'string' ? value : JSON.stringify(value)
  return [{ name, text }]
}

type Case = NonNullable<ActionEntry['stricter']>[number]

/** A case in one line: what it makes stronger, under its condition. */
function caseOf({ when, ...part }: Case): Part {
  const said = Object.entries(part).map(([member, value]) => {
    const [name = member, say = String] = RULE[member] ?? []
    return `${name}: ${say(value)}`
  })
  return { name: `Stricter when ${when}`, text: said.join('\n') || 'Nothing is stricter' }
}

/** What two values say differently, each in one line; for a choice between them. */
export function contrast(path: string, one: unknown, other: unknown): readonly [string, string] {
  const [mine, theirs] = [partsOf(path, one), partsOf(path, other)]
  const isIn = (parts: readonly Part[], { name, text }: Part) =>
    parts.some((part) => part.name === name && part.text === text)
  const line = (parts: readonly Part[], beside: readonly Part[]) => {
    const own = parts.filter((part) => !isIn(beside, part))
    if (parts.length === 0) return 'Not set'
    if (parts.length === 1 && beside.length <= 1) return parts[0]?.text ?? ''
    return own.map(({ name, text }) => `${name}: ${text}`).join('; ') || 'As before'
  }
  return [line(mine, theirs), line(theirs, mine)]
}

const SHOWN_CHARACTERS = 60

const inOneLine = (text: string): string => {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length <= SHOWN_CHARACTERS ? line : `${line.slice(0, SHOWN_CHARACTERS - 1)}…`
}

/**
 * Returns a change in words that follow "You are about to".
 *
 * @example changeInWords(change) // 'weaken Sign with a wallet: Lifetime from “1 minute” to “1 hour”'
 */
export function changeInWords(
  { path, before, after, weaker }: SettingChange,
  actions?: readonly ActionEntry[],
): string {
  const place = placeName(path, actions)
  const [was, is] = contrast(path, before, after).map(inOneLine)
  const [first] = partsOf(path, before ?? after)
  const isCase = first?.name.startsWith('Stricter when')
  const what = isCase ? `${place}, ${inOneLine(first?.name ?? '')}` : place
  const how = weaker ? ', which is weaker' : ''
  if (after === undefined) return `remove ${what}${how}`
  if (before === undefined && (isCase || split(path).place === 'action')) return `add ${what}${how}`
  if (before === undefined) return `set ${place} to “${is}”${how}`
  return `${weaker ? 'weaken' : 'change'} ${place} from “${was}” to “${is}”`
}

/** Returns all changes of an environment in words: the first, a weaker one where there is any, and how many more. */
export function changesInWords(
  changes: readonly SettingChange[],
  environment: string,
  actions?: readonly ActionEntry[],
): string {
  const weaker = changes.filter((change) => change.weaker)
  const [first] = [...weaker, ...changes]
  if (!first) return `save the settings of ${environment}`
  const said = `${changeInWords(first, actions)} in ${environment}`
  const [more, moreWeaker] = [changes.length - 1, Math.max(0, weaker.length - 1)]
  if (more === 0) return said
  const ofThem = moreWeaker > 0 ? `, ${moreWeaker} of them weaker` : ''
  return `${said}, and make ${plural(more, 'more change')}${ofThem}`
}
