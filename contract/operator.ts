// Operators: who runs Countersign, by name. Their keys are shown once; a page holds a session instead.
import * as z from 'zod/mini'
import { EpochSeconds, Label } from './common.ts'

/** The form of a named operator's id; the holder of the secret `OPERATOR_KEY` is `first`. */
export const OperatorId = z.string().check(z.regex(/^(first|op_[A-Za-z0-9_-]{12})$/))

/** An operator. `automation`: a key for programs, which needs no step-up and may do less. */
export const Operator = z.strictObject({
  id: OperatorId,
  name: Label,
  automation: z.boolean(),
  createdAt: EpochSeconds,
  /** Whether they ever confirmed a factor. */
  enrolled: z.boolean(),
})
export type Operator = z.infer<typeof Operator>

/**
 * The operator who calls. `guarded`: some operator has a factor, so every change asks for a step-up.
 * `expiresAt`: when the session of their page ends; null for a key.
 */
export const OperatorSelf = z.strictObject({
  id: OperatorId,
  name: Label,
  automation: z.boolean(),
  enrolled: z.boolean(),
  guarded: z.boolean(),
  signedInAt: EpochSeconds,
  expiresAt: z.nullable(EpochSeconds),
})
export type OperatorSelf = z.infer<typeof OperatorSelf>

export const OperatorCreateInput = z.strictObject({
  name: Label,
  automation: z.optional(z.boolean()),
})
export type OperatorCreateInput = z.infer<typeof OperatorCreateInput>

/** The key is shown here and nowhere else. */
export const OperatorCreateResult = z.strictObject({ operator: Operator, key: z.string() })
export type OperatorCreateResult = z.infer<typeof OperatorCreateResult>

export const OperatorListResult = z.strictObject({ operators: z.array(Operator) })
export type OperatorListResult = z.infer<typeof OperatorListResult>

export const OperatorReference = z.strictObject({ id: OperatorId })
export type OperatorReference = z.infer<typeof OperatorReference>

export const OperatorRevokeResult = z.strictObject({ revoked: z.literal(true) })
export type OperatorRevokeResult = z.infer<typeof OperatorRevokeResult>
