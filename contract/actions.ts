// The actions that every environment has, and the scope that the token of each action carries.
// This file has no schemas, so that clients can use the tables without zod.

/** Maps each built-in action to the scope of its elevated token. */
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

/** The actions that change a user's factors. Countersign itself is the audience of their tokens. */
export const CREDENTIAL_ACTIONS = [
  'credential.link',
  'credential.update',
  'credential.unlink',
] as const
export type CredentialAction = (typeof CREDENTIAL_ACTIONS)[number]

/** The action that an operator steps up for before a change, and the scope of its token. */
export const OPERATOR_ACTION = 'operator.change'
export const OPERATOR_SCOPE = 'operator:change'
