// History: its events in words, read page by page, verified, and as JSON lines.
import { type AuditEvent, type AuditInput, isRecord, type Method } from 'countersign/contract'
import { service } from '../api.ts'
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

const listOf = (value: unknown): unknown[] => (Array.isArray(value) ? value : [])
const scopesOf = (token: unknown): unknown[] => (isRecord(token) ? listOf(token.scopes) : [])

/** What an event is about, in a few words: by which method, for which scope or action, why not. */
export function aboutOf({ data }: AuditEvent): string {
  const { method, kind, action, reason, name, audience, version, environment, tokens, count } = data
  const by = method ?? kind
  const words = [
    typeof by === 'string' ? (METHOD_NAMES[by as Method] ?? by) : undefined,
    ...listOf(tokens).flatMap(scopesOf),
    ...[action, environment, name, audience],
    typeof version === 'number' ? `version ${version}` : undefined,
    typeof reason === 'string' ? reason.replaceAll('_', ' ') : undefined,
    typeof count === 'number' && count > 1 ? `${count.toLocaleString('en')} times` : undefined,
  ]
  return words.filter((word) => typeof word === 'string' && word).join(' · ')
}

/** Who did it: `operator:` and the like are for programs. */
export function actorOf({ actor }: AuditEvent): string {
  if (actor === 'subject') return 'the user'
  return actor.replace(/^operator:/, '').replace(/^resource:/, 'the API with key ')
}

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
