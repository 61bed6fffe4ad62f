// The wallet that the snippets beside this file export a key from: what an application has of its own.
import { countersignFetch, MFAAction } from 'countersign'

export async function exportWaasPrivateKey({ url }: { url: string }): Promise<{ done: string }> {
  const mfaAction = MFAAction.WalletWaasExport
  const response = await countersignFetch(url, { method: 'POST', mfaAction })
  return (await response.json()) as { done: string }
}
