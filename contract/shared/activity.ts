// Groups the events of a history for people to read. A step-up and the use of its token are one entry. A
// refusal that was counted first appears at the time when it happened, not when its event was written.
import type { AuditEvent } from '../audit.ts'
import { isRecord } from './wire.ts'

/** One thing that happened, with the events that record it. */
export interface Activity {
  /** The last time it happened, in epoch seconds. */
  at: number
  /** The type of its newest event. */
  type: string
  actor: string
  /** The name of the action, once a token was used or refused for it. */
  action?: string
  /** The scopes of the tokens of a step-up. */
  scopes: readonly string[]
  method?: string
  factorId?: string
  /** The country that the step-up came from (ISO 3166-1). */
  country?: string
  /** The hash of the details that a token was bound to. */
  detailsHash?: string
  reason?: string
  /** How often it happened. */
  count: number
  /** Newest first. */
  events: readonly AuditEvent[]
}

/**
 * Returns the activities of a history.
 *
 * @param events newest first, as `audit.list` returns them
 * @returns newest first; a token whose step-up is on another page is an activity of its own
 * @example activitiesOf(page.events).map(({ at, action, method }) => …)
 */
export function activitiesOf(events: readonly AuditEvent[]): Activity[] {
  const byToken = new Map<string, AuditEvent[]>()
  const groups: AuditEvent[][] = []
  for (const event of events) {
    const tokens = tokensOf(event)
    const known = tokens.map((jti) => byToken.get(jti)).find((group) => group !== undefined)
    // A reusable token that was used for another action is another activity.
    if (known && isOfAction(event, known)) known.push(event)
    else {
      const group = [event]
      groups.push(group)
      if (!known) for (const jti of tokens) byToken.set(jti, group)
    }
  }
  return groups.map(activityOf).sort((a, b) => b.at - a.at)
}

/** Returns the `jti` of every token that a step-up issued, or of the token that was used. A refusal is an activity of its own. */
function tokensOf({ type, data }: AuditEvent): string[] {
  if (type === 'step_up.passed') return listOf(data.tokens).flatMap(({ jti }) => textOf(jti))
  return type.startsWith('token.consumed') ? textOf(data.jti) : []
}

const isOfAction = ({ data }: AuditEvent, [newest]: AuditEvent[]): boolean =>
  data.action === undefined || data.action === newest?.data.action

function activityOf(events: AuditEvent[]): Activity {
  const [newest] = events
  const data = Object.assign({}, ...events.toReversed().map((event) => event.data))
  const tokens = listOf(data.tokens)
  const scopes = tokens.flatMap((token) => (Array.isArray(token.scopes) ? token.scopes : []))
  const hash = data.detailsHash ?? tokens.find((token) => token.detailsHash)?.detailsHash
  const count = newest?.data.count
  return {
    at: Math.max(...events.map(happenedAt)),
    type: newest?.type ?? '',
    actor: newest?.actor ?? '',
    scopes,
    ...member('action', data.action),
    ...member('method', data.method),
    ...member('factorId', data.factorId),
    ...member('country', data.country),
    ...member('detailsHash', hash),
    ...member('reason', newest?.data.reason),
    count: typeof count === 'number' ? count : 1,
    events,
  }
}

/** Returns when an event happened last. A counted event is written up to an hour after that. */
const happenedAt = ({ at, data }: AuditEvent): number =>
  typeof data.lastAt === 'number' ? data.lastAt : at

const listOf = (value: unknown): Record<string, unknown>[] =>
  Array.isArray(value) ? value.filter(isRecord) : []
const textOf = (value: unknown): string[] => (typeof value === 'string' ? [value] : [])
const member = <K extends string>(name: K, value: unknown): { [_ in K]?: string } =>
  typeof value === 'string' ? ({ [name]: value } as { [_ in K]?: string }) : {}
