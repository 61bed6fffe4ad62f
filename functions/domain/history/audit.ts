// The chain of events: hashes each event with the hash of the event before, and verifies a chain. The functions are
// synchronous, so that an event is written in the transaction of the change that it records.
import { type AuditEvent, EVENT_HASH_TAG } from '../../../contract/index.ts'
import { fromHex, sha256, toHex, utf8 } from '../bytes.ts'
import { canonical } from '../tokens/statement.ts'

/** The `previous` hash of the first event. */
export const GENESIS_HASH = '0'.repeat(64)
export const SALT_BYTES = 16

/** An event before it is part of a chain. `actor` is `subject`, `resource:<id>` or `operator:<name>`. */
export type NewEvent = Pick<AuditEvent, 'at' | 'type' | 'actor' | 'data'>

/**
 * Appends an event to a chain.
 *
 * @param salt 16 random bytes, so that the hash alone does not confirm a guess of the event
 * @returns the event with `hash = SHA-256(tag ‖ previous ‖ SHA-256(canonical event ‖ salt))`, in hex
 * @example chainEvent({ seq: 1, previous: GENESIS_HASH }, added, random(16))
 */
export function chainEvent(
  place: Pick<AuditEvent, 'seq' | 'previous'>,
  added: NewEvent,
  salt: Uint8Array,
): AuditEvent {
  const { at, type, actor, data } = added
  const event = { ...place, at, type, actor, data, salt: toHex(salt) }
  return { ...event, hash: hashEvent(event) }
}

/** Computes the hash of an event from all its other members. */
export const hashEvent = (event: Omit<AuditEvent, 'hash'>): string =>
  toHex(sha256(utf8(EVENT_HASH_TAG), fromHex(event.previous), digestOf(event)))

/** Returns the digest of an event. A chain can be verified with it in place of the event. */
export const digestOf = ({ seq, at, type, actor, data, salt }: Omit<AuditEvent, 'hash'>) =>
  sha256(utf8(canonical({ seq, at, type, actor, data })), fromHex(salt))

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
