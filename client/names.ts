// The names of the built-in actions and scopes, as an application writes them.
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
/** A built-in action, or the name of one that an operator added. */
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
/** The scope of a built-in action, or of one that an operator added. */
export type TokenScope = (typeof TokenScope)[keyof typeof TokenScope] | (string & {})

/** What is to be done: named by its action, or by that action's scope. */
export type ActionOrScope =
  | { mfaAction: MFAAction; scope?: never }
  | { scope: TokenScope; mfaAction?: never }

const builtIn: Record<string, string> = BUILT_IN_ACTIONS

/** The scope of a built-in action; undefined for one that an operator added. */
export const scopeOf = ({ mfaAction, scope }: ActionOrScope): string | undefined =>
  scope ?? builtIn[mfaAction]

/** The same in the words of the contract. */
export const namedFor = ({ mfaAction, scope }: ActionOrScope) =>
  scope === undefined ? { action: mfaAction } : { scope }
