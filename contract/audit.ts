// History: events in a chain of hashes. Each user, each environment and the directory has its own chain.
import * as z from 'zod/mini'
import { CompactJwt, Cursor, EnvironmentId, EpochSeconds, SubjectId } from './common.ts'

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

const chain = { environment: z.optional(EnvironmentId), subject: z.optional(SubjectId) }

/**
 * Names the history to read. A user reads their own. An operator reads the history of a user, of an
 * environment or of the directory.
 */
export const AuditInput = z.optional(z.strictObject({ ...chain, cursor: z.optional(Cursor) }))
export type AuditInput = z.infer<typeof AuditInput>

/** Newest first. */
export const AuditListResult = z.strictObject({
  events: z.array(AuditEvent),
  cursor: z.optional(Cursor),
})
export type AuditListResult = z.infer<typeof AuditListResult>

/** Names the history to verify, and a checkpoint of it that the caller kept. */
export const AuditVerifyInput = z.optional(
  z.strictObject({ ...chain, cursor: z.optional(Cursor), checkpoint: z.optional(CompactJwt) }),
)
export type AuditVerifyInput = z.infer<typeof AuditVerifyInput>

/**
 * The history since a checkpoint: it has only grown; or events up to the checkpoint were changed or cut off; or the
 * history no longer holds the position of the checkpoint.
 */
export const SINCE_CHECKPOINT = ['intact', 'broken', 'unknown'] as const

/**
 * `intact` is false if the events do not form a chain, or if a stored checkpoint contradicts them. `brokenAt` is the
 * first wrong or missing event. `head` is the hash of the newest verified event. If there is a `cursor`, the chain has more
 * events. The last result, which has no `cursor`, compares the chain with the `checkpoint` of the call.
 */
export const AuditVerifyResult = z.strictObject({
  intact: z.boolean(),
  count: z.int(),
  head: z.string(),
  brokenAt: z.optional(z.int()),
  cursor: z.optional(Cursor),
  since: z.optional(z.enum(SINCE_CHECKPOINT)),
})
export type AuditVerifyResult = z.infer<typeof AuditVerifyResult>

/** Names the history to sign. */
export const AuditCheckpointInput = z.optional(z.strictObject(chain))
export type AuditCheckpointInput = z.infer<typeof AuditCheckpointInput>

/** Signed by the receipt key: the number of events of a chain, and the hash of the newest one. */
export const AuditCheckpointResult = z.strictObject({
  checkpoint: CompactJwt,
  position: z.int(),
  head: z.string(),
})
export type AuditCheckpointResult = z.infer<typeof AuditCheckpointResult>
