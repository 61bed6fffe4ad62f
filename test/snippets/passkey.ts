// Action-based MFA with a passkey, as applications of this field write it.
import { authenticatePasskeyMFA, checkStepUpAuth, TokenScope } from 'countersign'
import { exportWaasPrivateKey } from './wallet.ts'

export const onExportPrivateKeyClick = async (params: { url: string }) => {
  const stepUp = await checkStepUpAuth({ scope: TokenScope.Walletexport })

  if (stepUp.isRequired && stepUp.credentials.length > 0) {
    await authenticatePasskeyMFA({ requestedScopes: [TokenScope.Walletexport] })
  }

  return exportWaasPrivateKey(params)
}
