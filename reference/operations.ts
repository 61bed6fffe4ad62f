// All operations of the HTTP API, in the order of the document, and the words for their nouns.
import type { Operations } from './operations/operation.ts'
import * as operators from './operations/operators.ts'
import * as receipts from './operations/receipts.ts'
import * as resources from './operations/resources.ts'
import * as users from './operations/users.ts'

export type { Operation } from './operations/operation.ts'

export const OPERATIONS: Operations = {
  action: resources.ACTION_OPERATIONS,
  policy: resources.POLICY_OPERATIONS,
  challenge: users.CHALLENGE_OPERATIONS,
  factor: users.FACTOR_OPERATIONS,
  recovery: users.RECOVERY_OPERATIONS,
  token: resources.TOKEN_OPERATIONS,
  environment: operators.ENVIRONMENT_OPERATIONS,
  subject: operators.SUBJECT_OPERATIONS,
  operator: operators.OPERATOR_OPERATIONS,
  stats: operators.STATS_OPERATIONS,
  audit: operators.AUDIT_OPERATIONS,
  receipt: receipts.RECEIPT_OPERATIONS,
}

/** What each noun is. */
export const NOUNS: Record<keyof Operations, string> = {
  action: 'What an API asks before it acts.',
  policy: 'The rules: whether an action needs a step-up.',
  challenge: 'The step-up.',
  factor: 'The authenticator apps and passkeys of a user.',
  recovery: 'The recovery codes of a user.',
  token: 'Elevated tokens: exchange, spend, introspect and revoke them.',
  environment: 'Environments: their settings, signing keys and resource keys.',
  subject: 'Users, as an operator sees them.',
  operator: 'Operators: the people and programs that administer Countersign.',
  stats: 'Counts of an environment.',
  audit: 'The history, a chain of hashes.',
  receipt: 'Receipts: proof of a step-up that anybody can verify later.',
}
