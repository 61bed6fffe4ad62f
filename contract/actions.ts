// The actions that every environment knows, and the scope that each one's token carries.
// This file has no schemas, so that clients can use the tables without zod.

/** Built-in action → the scope of its elevated token. */
export const BUILT_IN_ACTIONS = {
  'wallet.waas.sign': 'wallet:sign',
  'wallet.waas.export': 'wallet:export',
  'wallet.waas.refresh': 'wallet:refresh',
  'wallet.waas.reshare': 'wallet:reshare',
  'user.update': 'user:update',
  'credential.link': 'credential:link',
  'credential.update': 'credential:update',
  'credential.unlink': 'credential:unlink',
} as const

export type BuiltInAction = keyof typeof BUILT_IN_ACTIONS

/** The actions that change how a user proves who they are; their tokens are for Countersign itself. */
export const CREDENTIAL_ACTIONS = [
  'credential.link',
  'credential.update',
  'credential.unlink',
] as const
export type CredentialAction = (typeof CREDENTIAL_ACTIONS)[number]

/** The action that guards Countersign itself from its operators' keys, and the scope of its token. */
export const OPERATOR_ACTION = 'operator.change'
export const OPERATOR_SCOPE = 'operator:change'
