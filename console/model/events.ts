// History: its events in words, read page by page, verified, and as JSON lines.
import {
  type Activity,
  type AuditEvent,
  type AuditInput,
  activitiesOf,
  type Factor,
  type Method,
  type ResourceKey,
} from 'countersign/contract'
import { service } from '../api.ts'
import type { ShownAction } from '../rules.ts'
import { METHOD_NAMES } from '../words.ts'

/** Event types in words; `bad`: something was refused or taken away. */
const WORDS: Record<string, readonly [text: string, isBad?: boolean]> = {
  'enrollment.started': ['Began to add a factor'],
  'factor.confirmed': ['Added a factor'],
  'factor.confirm_failed': ['Could not add a factor', true],
  'factor.renamed': ['Renamed a factor'],
  'factor.removed': ['Removed a factor'],
  'factor.default_set': ['Chose the default factor'],
  'recovery.regenerated': ['Made new recovery codes'],
  'recovery.acknowledged': ['Acknowledged recovery codes'],
  'attempts.refused': ['Attempts were refused while waiting', true],
  'step_up.passed': ['Stepped up'],
  'step_up.failed': ['A step-up failed', true],
  'token.consumed': ['A token was used'],
  'token.consumed_again': ['A token was used again'],
  'token.refused': ['A token was refused', true],
  'token.revoked': ['A token was revoked'],
  'policy.observed': ['A monitored rule would have asked'],
  'subject.unlocked': ['Unlocked by an operator'],
  'subject.reset': ['Factors were reset by an operator', true],
  'subject.tokens_ended': ['Tokens were ended by an operator'],
  'environment.entered': ['An environment was named'],
  'environment.created': ['The environment was created'],
  'environment.updated': ['Settings were changed'],
  'environment.removed': ['An environment was removed', true],
  'environment.keys_rotated': ['The signing key was rotated'],
  'environment.receipt_key_created': ['The first receipt key was made'],
  'resource_key.created': ['A resource key was made'],
  'resource_key.revoked': ['A resource key was revoked'],
  'operator.created': ['An operator was added'],
  'operator.revoked': ['The key of an operator was revoked', true],
  'operator.signed_in': ['An operator signed in'],
  'operator.signed_in_again': ['An operator signed in, again and again'],
  'operator.refused': ['A key for automation was refused', true],
}

/** An event in words; one that is not in the table is called by its type. */
export function inWords({ type }: Pick<AuditEvent, 'type'>): { text: string; isBad: boolean } {
  const [text = type, isBad = /refused|failed|removed|reset/.test(type)] = WORDS[type] ?? []
  return { text, isBad }
}

/** What the names in events stand for. */
export interface Known {
  actions: readonly Pick<ShownAction, 'action' | 'scope' | 'title'>[]
  factors: readonly Pick<Factor, 'factorId' | 'label'>[]
  resourceKeys: readonly Pick<ResourceKey, 'id' | 'label' | 'audience'>[]
}

/** One row of a history: something that happened, in words, with its events. */
export interface Entry {
  key: number
  /** When it happened last, in epoch seconds. */
  at: number
  text: string
  isBad: boolean
  about: string
  events: readonly AuditEvent[]
}

/** Returns the rows of a history: of a user one for each action, else one for each event. */
export function entriesOf(
  { subject }: Chain,
  events: readonly AuditEvent[],
  known: Known,
): Entry[] {
  const activities = subject ? activitiesOf(events) : events.flatMap((one) => activitiesOf([one]))
  return activities.map((activity) => entryOf(activity, known))
}

function entryOf(activity: Activity, known: Known): Entry {
  const { at, events } = activity
  const { text, isBad } = inWords(activity)
  const title = titleOfActivity(activity, known)
  const about = aboutOf(activity, known)
  return {
    ...{ key: events[0]?.seq ?? 0, at, isBad, events },
    text: title ?? text,
    about: [title && text, ...about].filter(Boolean).join(' · '),
  }
}

/** What was confirmed, by the name of the action or by the scopes of the tokens. */
function titleOfActivity({ action, scopes }: Activity, { actions }: Known): string | undefined {
  const titleOf = (name: string, member: 'action' | 'scope') =>
    actions.find((one) => one[member] === name)?.title ?? name
  if (action) return titleOf(action, 'action')
  const titles = scopes.map((scope) => titleOf(scope, 'scope'))
  return titles.length > 0 ? [...new Set(titles)].join(', ') : undefined
}

const countries = new Intl.DisplayNames('en', { type: 'region', fallback: 'code' })

/** What else is known of an activity: by which device, from where, at which API, why not. */
function aboutOf(activity: Activity, known: Known): (string | undefined)[] {
  const { factorId, country, reason, count, events } = activity
  const { kind, name, audience, version, environment } = events[0]?.data ?? {}
  const label = known.factors.find((one) => one.factorId === factorId)?.label
  const method = activity.method ?? (typeof kind === 'string' ? kind : undefined)
  return [
    label ?? (method && (METHOD_NAMES[method as Method] ?? method)),
    country && countries.of(country),
    actorIn(activity, known),
    ...[environment, name, audience].map((one) => (typeof one === 'string' ? one : undefined)),
    typeof version === 'number' ? `version ${version}` : undefined,
    reason?.replaceAll('_', ' '),
    count > 1 ? `${count.toLocaleString('en')} times` : undefined,
  ]
}

/** Who did it, unless it was the user: `operator:` and the like are for programs. */
function actorIn({ actor }: Activity, { resourceKeys }: Known): string | undefined {
  if (actor === 'subject') return undefined
  const [, kind, name = ''] = /^(operator|resource):(.*)$/.exec(actor) ?? []
  if (kind !== 'resource') return `by ${name || actor}`
  const key = resourceKeys.find(({ id }) => id === name)
  return `at the API ${key?.label ?? key?.audience ?? name}`
}

/** Returns the ids of the tokens that a step-up issued. */
export const tokensIn = ({ type, data }: Pick<AuditEvent, 'type' | 'data'>): string[] =>
  type === 'step_up.passed' && Array.isArray(data.tokens) ? data.tokens.map(({ jti }) => jti) : []

/** Whose history: a user's, an environment's, or the directory's. */
export type Chain = Omit<NonNullable<AuditInput>, 'cursor'>

export const readPage = (chain: Chain, cursor?: string) =>
  service.audit.list.query({ ...chain, ...(cursor && { cursor }) })

/** What verifying a whole chain found. */
export interface Verified {
  intact: boolean
  count: number
  head: string
  brokenAt?: number
}

/** Recomputes every hash of a chain at the service, as many calls as that takes. */
export async function verifyChain(chain: Chain, onCount: (n: number) => void): Promise<Verified> {
  let count = 0
  let head = ''
  let cursor: string | undefined
  do {
    const found = await service.audit.verify.query({ ...chain, ...(cursor && { cursor }) })
    count = found.count
    head = found.head
    onCount(count)
    if (!found.intact) {
      const { brokenAt } = found
      return { intact: false, count, head, ...(brokenAt !== undefined && { brokenAt }) }
    }
    cursor = found.cursor
  } while (cursor)
  return { intact: true, count, head }
}

/** Every event that a filter lets through as JSON lines, newest first. */
export async function readLines(
  chain: Chain,
  lets: (event: AuditEvent) => boolean,
  onCount: (n: number) => void,
): Promise<string> {
  const lines: string[] = []
  let cursor: string | undefined
  do {
    const page = await readPage(chain, cursor)
    for (const event of page.events) if (lets(event)) lines.push(`${JSON.stringify(event)}\n`)
    onCount(lines.length)
    cursor = page.cursor
  } while (cursor)
  return lines.join('')
}

/** Hands a text to the browser as a file. */
export function download(text: string, name: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }))
  const link = document.createElement('a')
  link.href = url
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(url), 1000)
}
