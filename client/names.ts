// The names of the built-in actions and scopes in the SDK.
import { BUILT_IN_ACTIONS } from '../contract/actions.ts'

/**
 * The built-in actions.
 *
 * @example await isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport })
 */
export const MFAAction = {
  WalletWaasSign: 'wallet.waas.sign',
  WalletWaasExport: 'wallet.waas.export',
  WalletWaasRefresh: 'wallet.waas.refresh',
  WalletWaasReshare: 'wallet.waas.reshare',
  UserUpdate: 'user.update',
  CredentialLink: 'credential.link',
  CredentialUpdate: 'credential.update',
  CredentialUnlink: 'credential.unlink',
} as const satisfies Record<string, keyof typeof BUILT_IN_ACTIONS>
/** The name of a built-in action, or of an action that an operator added. */
export type MFAAction = (typeof MFAAction)[keyof typeof MFAAction] | (string & {})

/**
 * The scopes of the built-in actions.
 *
 * @example await authenticateTotpMfaDevice({ code, requestedScopes: [TokenScope.Walletexport] })
 */
export const TokenScope = {
  Walletsign: 'wallet:sign',
  Walletexport: 'wallet:export',
  Walletrefresh: 'wallet:refresh',
  Walletreshare: 'wallet:reshare',
  Userupdate: 'user:update',
  Credentiallink: 'credential:link',
  Credentialupdate: 'credential:update',
  Credentialunlink: 'credential:unlink',
} as const satisfies Record<string, (typeof BUILT_IN_ACTIONS)[keyof typeof BUILT_IN_ACTIONS]>
/** The scope of a built-in action, or of an action that an operator added. */
export type TokenScope = (typeof TokenScope)[keyof typeof TokenScope] | (string & {})

/** Names an action, by its name or by its scope. */
export type ActionOrScope =
  | { mfaAction: MFAAction; scope?: never }
  | { scope: TokenScope; mfaAction?: never }

const builtIn: Record<string, string> = BUILT_IN_ACTIONS

/** Returns the scope of a built-in action, or undefined for an action that an operator added. */
export const scopeOf = ({ mfaAction, scope }: ActionOrScope): string | undefined =>
  scope ?? builtIn[mfaAction]

/** Returns the same name as the contract spells it. */
export const namedFor = ({ mfaAction, scope }: ActionOrScope) =>
  scope === undefined ? { action: mfaAction } : { scope }
