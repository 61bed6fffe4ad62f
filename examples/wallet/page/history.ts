// A user's history in words: one row for each thing that happened. A type of event that is not known here
// is shown by its name.
import { type Activity, type AuditEvent, activitiesOf } from 'countersign/contract'
import type { WalletView } from '../shared/view.ts'

type Tone = 'good' | 'bad' | 'plain' | 'soft'

/** One thing that happened. */
export interface Row {
  at: number
  /** What was done, as exactly as the wallet knows it. */
  title: string
  /** With which device, and from which country. */
  how: string
  tone: Tone
  detailsHash?: string | undefined
  /** What the row is made of, newest first. */
  events: readonly { seq: number; at: number; text: string }[]
}

type Data = Record<string, unknown>
type Log = WalletView['log']
/** The names of the user's factors, by their id. */
export type FactorNames = ReadonlyMap<string, string>

const METHODS: Record<string, string> = {
  totp: 'an authenticator app',
  passkey: 'a passkey',
  recovery: 'a recovery code',
  assertion: 'an assertion from this application',
}

const DEVICES: Record<string, string> = {
  totp: 'Authenticator app',
  passkey: 'Passkey',
  recovery: 'Recovery code',
  assertion: 'this application',
}

const SCOPES: Record<string, string> = {
  'wallet:sign': 'sign',
  'wallet:export': 'export the private key',
  'wallet:refresh': 'renew the shares',
  'wallet:reshare': 'change who holds a share',
  'user:update': 'update the profile',
  'credential:link': 'add a factor',
  'credential:update': 'change a factor',
  'credential:unlink': 'remove a factor',
}

/** What each action is called once it was done, and while it was not. */
const ACTIONS: Record<string, [done: string, doing: string]> = {
  'wallet.waas.sign': ['Signed', 'signing'],
  'wallet.waas.export': ['Key exported', 'exporting the private key'],
  'wallet.waas.refresh': ['Shares renewed', 'renewing the shares'],
  'wallet.waas.reshare': ['Changed who holds a share', 'changing who holds a share'],
  'user.update': ['Profile updated', 'updating the profile'],
}

/** The action behind each event of the wallet's log. */
const LOGGED: Record<string, string> = {
  signed: 'wallet.waas.sign',
  'key exported': 'wallet.waas.export',
  claimed: 'wallet.waas.refresh',
  'access offered': 'wallet.waas.refresh',
  'access approved': 'wallet.waas.reshare',
  'access revoked': 'wallet.waas.reshare',
}
const LOGGED_WITHIN_SECONDS = 10

const REASONS: Record<string, string> = {
  invalid_code: 'the code was wrong',
  code_already_used: 'the code had been used',
  token_used: 'it had been used before',
  token_expired: 'it had expired',
  token_revoked: 'it had been ended',
  token_invalid: 'it was not valid here',
  details_mismatch: 'it was for something else',
  scope_not_allowed: 'it was for another action',
  rate_limited: 'there were too many',
  locked: 'codes were locked',
  challenge_used: 'it was answered before',
  challenge_expired: 'it took too long',
  passkey_rejected: 'the passkey could not be verified',
}

type Write = (event: AuditEvent, names: FactorNames) => string
const TEXTS: Record<string, [Write, Tone?]> = {
  'enrollment.started': [({ data }) => `Began to add ${method(data)}`, 'soft'],
  'factor.confirmed': [({ data }, names) => `Added ${factor(data, names)}`, 'good'],
  'factor.confirm_failed': [({ data }) => `Could not add ${method(data)}${because(data)}`, 'soft'],
  'factor.renamed': [({ data }, names) => `Renamed ${factor(data, names)}`],
  'factor.default_set': [({ data }, names) => `Made ${factor(data, names)} the default`],
  'factor.removed': [({ data }) => `Removed ${method(data)}`],
  'recovery.regenerated': [() => 'Made new recovery codes; earlier ones ended'],
  'recovery.acknowledged': [() => 'Recovery codes saved'],
  'step_up.passed': [
    ({ data }, names) => `Confirmed with ${factor(data, names)}${purpose(data)}`,
    'good',
  ],
  'step_up.failed': [
    ({ data }, names) => `Could not confirm with ${factor(data, names)}${because(data)}`,
    'bad',
  ],
  'attempts.refused': [({ data }) => `Attempts were turned away${because(data)}`, 'bad'],
  'token.consumed': [(event) => `Confirmation used by ${caller(event)}`, 'good'],
  'token.consumed_again': [(event) => `Confirmation used again by ${caller(event)}`, 'good'],
  'token.refused': [
    ({ data, ...event }) => `Confirmation refused for ${caller(event)}${because(data)}`,
    'bad',
  ],
  'token.revoked': [() => 'Ended a confirmation that was not used'],
  'policy.observed': [({ data }) => `Went ahead without a confirmation: ${doing(data)}`],
  'subject.unlocked': [() => 'Support unlocked codes'],
  'subject.reset': [() => 'Support removed all factors'],
  'subject.tokens_ended': [() => 'Support ended all confirmations'],
}

/** What a row says instead of its newest event: the action, or a step-up without its device. */
const TITLES: Record<string, (activity: Activity) => string> = {
  'token.consumed': done,
  'token.consumed_again': done,
  'token.refused': (activity) => `Refused ${doing(activity)}${because(activity)}`,
  'step_up.passed': ({ events: [event] }) => `Confirmed${purpose(event?.data ?? {})}`,
  'step_up.failed': (activity) => `Could not confirm${because(activity)}`,
}

/**
 * Returns the history as rows, newest first. The entry of the wallet's log that belongs to an action says
 * more than its name, such as what was signed.
 */
export function rowsOf(events: readonly AuditEvent[], log: Log, names: FactorNames): Row[] {
  const unused = new Set(log)
  return activitiesOf(events).map((activity) => {
    const entry = entryOf(activity, unused)
    if (entry) unused.delete(entry)
    return rowOf(activity, entry, names)
  })
}

function rowOf(activity: Activity, entry: Log[number] | undefined, names: FactorNames): Row {
  const { at, type, count, detailsHash, events } = activity
  const lines = events.map((event) => ({
    ...{ seq: event.seq, at: event.at },
    text: textOf(event, names),
  }))
  const own = TITLES[type]?.(activity)
  const title = own === undefined ? (lines[0]?.text ?? type) : own + times(count)
  return {
    at,
    title: entry ? entryText(entry) : title,
    how: [device(activity, names), country(activity)].filter(Boolean).join(', '),
    tone: TEXTS[type]?.[1] ?? 'plain',
    detailsHash,
    events: lines,
  }
}

/** Returns the entry of the log for an action that was done, if there is one near enough in time. */
function entryOf({ type, action, at }: Activity, log: Iterable<Log[number]>) {
  if (!type.startsWith('token.consumed')) return undefined
  const away = (entry: Log[number]) => Math.abs(entry.at - at)
  return [...log]
    .filter((entry) => LOGGED[entry.event] === action && away(entry) <= LOGGED_WITHIN_SECONDS)
    .toSorted((a, b) => away(a) - away(b))[0]
}

/** Returns an entry of the wallet's log as a sentence. */
export const entryText = ({ event, detail }: Log[number]): string =>
  event.charAt(0).toUpperCase() + event.slice(1) + (detail && `: ${detail}`)

function textOf(event: AuditEvent, names: FactorNames): string {
  const [write] = TEXTS[event.type] ?? [() => event.type]
  const { count } = event.data
  return write(event, names) + times(count)
}

const times = (count: unknown): string =>
  typeof count === 'number' && count > 1 ? ` (${count} times)` : ''

const said = (table: Record<string, string>, key: unknown): string | undefined =>
  typeof key === 'string' ? (table[key] ?? key) : undefined

const method = ({ kind, method: by }: Data): string => said(METHODS, kind ?? by) ?? 'a factor'

function factor(data: Data, names: FactorNames): string {
  const name = names.get(String(data.factorId))
  return name ? `“${name}”` : method(data)
}

const device = ({ method: by, factorId = '' }: Activity, names: FactorNames): string =>
  by ? `with ${names.get(factorId) ?? said(DEVICES, by)}` : ''

const regions = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })

/** Cloudflare has codes for networks, such as `T1`, which are no countries. */
const country = ({ country: code = '' }: Activity): string => {
  const name = /^[A-Z]{2}$/.test(code) ? regions.of(code) : undefined
  return name ? `from ${name}` : ''
}

/** Returns which API presented a token. */
const caller = ({ actor }: Pick<AuditEvent, 'actor'>): string =>
  actor.startsWith('resource:') ? `API ${actor.slice('resource:'.length)}` : 'this page'

function done({ action = 'An action' }: Activity): string {
  return ACTIONS[action]?.[0] ?? action
}

const doing = ({ action }: { action?: unknown }): string =>
  ACTIONS[String(action)]?.[1] ?? String(action)

function because({ reason }: { reason?: unknown }): string {
  const words = said(REASONS, reason)
  return words ? `: ${words}` : ''
}

/** What a confirmation was for, where it was for something. */
function purpose({ tokens }: Data): string {
  const scopes = Array.isArray(tokens) ? tokens.flatMap((token) => token?.scopes ?? []) : []
  const words = scopes.map((scope) => said(SCOPES, scope))
  return words.length > 0 ? `, to ${words.join(' and ')}` : ''
}
