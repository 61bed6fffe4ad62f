// History: events in a chain of hashes. Each user, each environment and the directory has its own chain.
import * as z from 'zod/mini'
import { Cursor, EnvironmentId, EpochSeconds, SubjectId } from './common.ts'

/** The domain tag of an event's hash; `hash` is SHA-256 over tag, previous hash and event digest. */
export const EVENT_HASH_TAG = 'countersign/event/v1'

export const AuditEvent = z.strictObject({
  seq: z.int(),
  at: EpochSeconds,
  type: z.string(),
  actor: z.string(),
  data: z.record(z.string(), z.unknown()),
  salt: z.string(),
  previous: z.string(),
  hash: z.string(),
})
export type AuditEvent = z.infer<typeof AuditEvent>

/**
 * Names the history to read. A user reads their own. An operator reads the history of a user, of an
 * environment or of the directory.
 */
export const AuditInput = z.optional(
  z.strictObject({
    environment: z.optional(EnvironmentId),
    subject: z.optional(SubjectId),
    cursor: z.optional(Cursor),
  }),
)
export type AuditInput = z.infer<typeof AuditInput>

/** Newest first. */
export const AuditListResult = z.strictObject({
  events: z.array(AuditEvent),
  cursor: z.optional(Cursor),
})
export type AuditListResult = z.infer<typeof AuditListResult>

/** `head` is the hash of the newest verified event. If there is a `cursor`, the chain has more events. */
export const AuditVerifyResult = z.strictObject({
  intact: z.boolean(),
  count: z.int(),
  head: z.string(),
  brokenAt: z.optional(z.int()),
  cursor: z.optional(Cursor),
})
export type AuditVerifyResult = z.infer<typeof AuditVerifyResult>
