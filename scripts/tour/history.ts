// The end of the tour: the events in the history, and the check that nobody has changed them.
import { createHash } from 'node:crypto'
import canonicalize from 'canonicalize'
import { type AuditEvent, EVENT_HASH_TAG } from '../../contract/index.ts'
import type { Tour, User } from './users.ts'

const GENESIS_HASH = '0'.repeat(64)

/** The events that the earlier steps must have written, oldest first. */
const EXPECTED_EVENTS = [
  'enrollment.started totp',
  'factor.confirmed totp',
  'step_up.failed totp invalid_code',
  'step_up.passed totp → wallet:export',
  'token.consumed totp wallet.waas.export',
  'step_up.passed recovery → credential:link',
  'enrollment.started passkey',
  'factor.confirmed passkey',
  'step_up.passed passkey → wallet:export',
  'token.consumed passkey wallet.waas.export',
  'step_up.passed passkey → wallet:sign',
  'token.consumed passkey wallet.waas.sign',
  'step_up.passed assertion → user:update',
  'token.consumed assertion user.update',
]

export const historyIsListed = ({ walkthrough }: Tour, { client }: User): Promise<AuditEvent[]> =>
  walkthrough.step('The user’s history has all of it', async () => {
    walkthrough.asks('List the events, page by page.')
    const events: AuditEvent[] = []
    let cursor: string | undefined
    do {
      const page = await client.audit.list.query(cursor ? { cursor } : {})
      events.unshift(...page.events.toReversed())
      cursor = page.cursor
    } while (cursor)
    walkthrough.shows(...events.map(eventLine))
    // Refusals that can happen without limit are counted, and become one event when their hour has ended.
    const found = events
      .filter(({ data }) => data.count === undefined)
      .map((event) => `${event.type} ${essence(event)}`)
    walkthrough.holds(
      `${found.length} events. The counted refusals follow when the hour ends.`,
      found,
      EXPECTED_EVENTS,
    )
    return events
  })

function eventLine(event: AuditEvent): string {
  const { seq, at, type } = event
  const time = new Date(at * 1000).toISOString().slice(11, 19)
  return `${String(seq).padStart(2)}  ${time}  ${type.padEnd(20)}${essence(event)}`
}

/** Describes an event without its ids. */
function essence({ data }: AuditEvent): string {
  const { method, kind, action, reason, tokens = [], count = 1 } = data
  const scopes = (tokens as { scopes: string[] }[]).map((token) => `→ ${token.scopes.join(' ')}`)
  const words = [method ?? kind, action, reason, ...scopes].filter((word) => word !== undefined)
  return `${words.join(' ')}${count === 1 ? '' : `, ${count} times`}`
}

export const chainIsIntact = ({ walkthrough }: Tour, { client }: User, events: AuditEvent[]) =>
  walkthrough.step('Nobody has changed it since', async () => {
    walkthrough.asks('Countersign verifies the chain of hashes.')
    let verified = await client.audit.verify.query({})
    while (verified.cursor) verified = await client.audit.verify.query({ cursor: verified.cursor })
    const head = events.at(-1)?.hash
    walkthrough.holds(
      `Intact: ${verified.count} events, the last is ${short(verified.head)}.`,
      verified,
      {
        intact: true,
        count: events.length,
        head,
      },
    )
    walkthrough.asks('Compute the last hash here from the events.')
    walkthrough.holds(`It is the same: ${short(head)}.`, recompute(events), head)
    const forged = events.map((event) =>
      event.seq === 1 ? { ...event, at: event.at - 60 } : event,
    )
    walkthrough.asks('Move the first event back by a minute, and compute it again.')
    walkthrough.holds('The chain breaks.', recompute(forged), 'broken at 1')
  })

const short = (hash = ''): string => `${hash.slice(0, 8)}…${hash.slice(-8)}`

/** Recomputes the hash of the newest event from the first one, or returns where the chain is broken. */
function recompute(events: AuditEvent[]): string {
  let head = GENESIS_HASH
  for (const [index, event] of events.entries()) {
    const { seq, at, type, actor, data, salt, previous, hash } = event
    if (seq !== index + 1 || previous !== head) return `broken at ${seq}`
    const text = canonicalize({ seq, at, type, actor, data }) ?? ''
    const digest = sha256(Buffer.from(text), Buffer.from(salt, 'hex'))
    head = sha256(Buffer.from(EVENT_HASH_TAG), Buffer.from(head, 'hex'), digest).toString('hex')
    if (head !== hash) return `broken at ${seq}`
  }
  return head
}

function sha256(...chunks: Buffer[]): Buffer {
  const hash = createHash('sha256')
  for (const chunk of chunks) hash.update(chunk)
  return hash.digest()
}
