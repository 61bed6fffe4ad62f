// Operators: the people and programs that administer Countersign. A key is shown once. The dashboard
// holds a session instead of the key.
import * as z from 'zod/mini'
import { EpochSeconds, Label } from './common.ts'

/** The id of an operator. `first` is the operator whose key is the secret `OPERATOR_KEY`. */
export const OperatorId = z.string().check(z.regex(/^(first|op_[A-Za-z0-9_-]{12})$/))

/** An operator. If `automation` is true, its key is for programs: it needs no step-up and can do less. */
export const Operator = z.strictObject({
  id: OperatorId,
  name: Label,
  automation: z.boolean(),
  createdAt: EpochSeconds,
  /** True once the operator has confirmed a factor. */
  enrolled: z.boolean(),
})
export type Operator = z.infer<typeof Operator>

/**
 * The operator who calls. `guarded` is true if any operator has a factor: then every change needs a
 * step-up. `expiresAt` is when the dashboard session ends; it is null for a key.
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

/** The only response that contains the key. */
export const OperatorCreateResult = z.strictObject({ operator: Operator, key: z.string() })
export type OperatorCreateResult = z.infer<typeof OperatorCreateResult>

export const OperatorListResult = z.strictObject({ operators: z.array(Operator) })
export type OperatorListResult = z.infer<typeof OperatorListResult>

export const OperatorReference = z.strictObject({ id: OperatorId })
export type OperatorReference = z.infer<typeof OperatorReference>

export const OperatorRevokeResult = z.strictObject({ revoked: z.literal(true) })
export type OperatorRevokeResult = z.infer<typeof OperatorRevokeResult>
