// Action-based MFA with an authenticator app, as applications of this field write it.
import { authenticateTotpMfaDevice, isMfaRequiredForAction, MFAAction } from 'countersign'
import { exportWaasPrivateKey } from './wallet.ts'

export const onExportPrivateKeyClick = async (params: { url: string }, code: string) => {
  const required = await isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport })

  if (required) {
    await authenticateTotpMfaDevice({ code, requestedScopes: ['wallet:export'] })
  }

  return exportWaasPrivateKey(params)
}
