// The two deprecated forms of action-based MFA, as older applications of this field still have them.
import {
  authenticatePasskeyMFA,
  authenticateTotpMfaDevice,
  isMfaRequiredForAction,
  MFAAction,
} from 'countersign'
import { exportWaasPrivateKey } from './wallet.ts'

const mfaAction = MFAAction.WalletWaasExport

export const exportWithCode = async (params: { url: string }, code: string) => {
  if (await isMfaRequiredForAction({ mfaAction })) {
    await authenticateTotpMfaDevice({ code, createMfaTokenOptions: { singleUse: true } })
  }
  return exportWaasPrivateKey(params)
}

export const exportWithPasskey = async (params: { url: string }) => {
  if (await isMfaRequiredForAction({ mfaAction })) {
    await authenticatePasskeyMFA({ createMfaToken: { singleUse: true } })
  }
  return exportWaasPrivateKey(params)
}
