// The chain of events: how one is hashed onto the one before, and how a chain is verified.
// Synchronous, so that an event is written in the same transaction as the change that it records.
import { type AuditEvent, EVENT_HASH_TAG } from '../../../contract/index.ts'
import { fromHex, sha256, toHex, utf8 } from '../bytes.ts'
import { canonical } from '../tokens/statement.ts'

/** The hash that the first event follows. */
export const GENESIS_HASH = '0'.repeat(64)
export const SALT_BYTES = 16

/** What happened, before it is part of a chain. `actor` is `subject`, `resource:<id>` or `operator:<name>`. */
export type Happening = Pick<AuditEvent, 'at' | 'type' | 'actor' | 'data'>

/**
 * Appends an event to a chain.
 *
 * @param salt 16 random bytes: without them nobody can confirm a guess of the event from its hash
 * @returns the event with `hash = SHA-256(tag ‖ previous ‖ SHA-256(canonical event ‖ salt))`, in hex
 * @example chainEvent({ seq: 1, previous: GENESIS_HASH }, happening, random(16))
 */
export function chainEvent(
  place: Pick<AuditEvent, 'seq' | 'previous'>,
  happening: Happening,
  salt: Uint8Array,
): AuditEvent {
  const { at, type, actor, data } = happening
  const event = { ...place, at, type, actor, data, salt: toHex(salt) }
  return { ...event, hash: hashEvent(event) }
}

/** The hash that an event must have, computed from all its other members. */
export function hashEvent(event: Omit<AuditEvent, 'hash'>): string {
  const { seq, at, type, actor, data } = event
  const digest = sha256(utf8(canonical({ seq, at, type, actor, data })), fromHex(event.salt))
  return toHex(sha256(utf8(EVENT_HASH_TAG), fromHex(event.previous), digest))
}

/**
 * Verifies a run of events against the hash before it.
 *
 * @returns the hash of the last event, and the `seq` of the first one that does not match, if any
 * @example verifyRun(events, GENESIS_HASH, 1) // { head: '…' }
 */
export function verifyRun(
  events: AuditEvent[],
  previous: string,
  firstSeq: number,
): { head: string; brokenAt?: number } {
  let head = previous
  let seq = firstSeq
  for (const event of events) {
    if (event.seq !== seq || event.previous !== head || event.hash !== hashEvent(event)) {
      return { head, brokenAt: Math.min(seq, event.seq) }
    }
    head = event.hash
    seq += 1
  }
  return { head }
}
