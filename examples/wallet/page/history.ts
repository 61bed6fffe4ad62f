// The events of a user's history in words. What an event holds is the server's business; one that is
// not known here is shown by its name rather than not at all.
import type { AuditEvent } from 'countersign/contract'

/** One event as it is read. */
export interface Line {
  text: string
  tone: 'good' | 'bad' | 'plain'
}

type Data = Record<string, unknown>
/** The names of the user's factors, by their id. */
export type FactorNames = ReadonlyMap<string, string>

const METHODS: Record<string, string> = {
  totp: 'an authenticator app',
  passkey: 'a passkey',
  recovery: 'a recovery code',
  assertion: 'an assertion from this application',
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

const ACTIONS: Record<string, string> = {
  'wallet.waas.sign': 'signing',
  'wallet.waas.export': 'exporting the private key',
  'wallet.waas.refresh': 'renewing the shares',
  'wallet.waas.reshare': 'changing who holds a share',
  'user.update': 'updating the profile',
}

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

const TEXTS: Record<string, [(data: Data, names: FactorNames) => string, Line['tone']?]> = {
  'enrollment.started': [(data) => `Began to add ${method(data)}`],
  'factor.confirmed': [(data, names) => `Added ${factor(data, names)}`, 'good'],
  'factor.confirm_failed': [(data) => `Could not add ${method(data)}${because(data)}`, 'bad'],
  'factor.renamed': [(data, names) => `Renamed ${factor(data, names)}`],
  'factor.default_set': [(data, names) => `Made ${factor(data, names)} the default`],
  'factor.removed': [(data) => `Removed ${method(data)}`],
  'recovery.regenerated': [() => 'Made new recovery codes; earlier ones ended'],
  'recovery.acknowledged': [() => 'Recovery codes saved'],
  'step_up.passed': [
    (data, names) => `Confirmed with ${factor(data, names)}${purpose(data)}`,
    'good',
  ],
  'step_up.failed': [
    (data, names) => `Could not confirm with ${factor(data, names)}${because(data)}`,
    'bad',
  ],
  'attempts.refused': [(data) => `Attempts were turned away${because(data)}`, 'bad'],
  'token.consumed': [(data) => `Confirmation used for ${action(data)}`, 'good'],
  'token.consumed_again': [(data) => `Confirmation used again for ${action(data)}`],
  'token.refused': [(data) => `Confirmation refused for ${action(data)}${because(data)}`, 'bad'],
  'token.revoked': [() => 'Ended a confirmation that was not used'],
  'policy.observed': [(data) => `Went ahead without a confirmation: ${action(data)}`],
  'subject.unlocked': [() => 'Support unlocked codes'],
  'subject.reset': [() => 'Support removed all factors'],
  'subject.tokens_ended': [() => 'Support ended all confirmations'],
}

/** An event in words. */
export function lineOf({ type, data }: AuditEvent, names: FactorNames): Line {
  const [write, tone = 'plain'] = TEXTS[type] ?? [() => type]
  const { count } = data
  const times = typeof count === 'number' && count > 1 ? ` (${count} times)` : ''
  return { text: write(data, names) + times, tone }
}

const said = (table: Record<string, string>, key: unknown): string | undefined =>
  typeof key === 'string' ? (table[key] ?? key) : undefined

const method = ({ kind, method: by }: Data): string => said(METHODS, kind ?? by) ?? 'a factor'

function factor(data: Data, names: FactorNames): string {
  const name = names.get(String(data.factorId))
  return name ? `“${name}”` : method(data)
}

const action = (data: Data): string => said(ACTIONS, data.action) ?? 'an action'

const because = ({ reason }: Data): string => {
  const words = said(REASONS, reason)
  return words ? `: ${words}` : ''
}

/** What a confirmation was for, where it was for something. */
function purpose({ tokens }: Data): string {
  const scopes = Array.isArray(tokens) ? tokens.flatMap((token) => token?.scopes ?? []) : []
  const words = scopes.map((scope) => said(SCOPES, scope))
  return words.length > 0 ? `, to ${words.join(' and ')}` : ''
}
