// The guarded actions of the wallet: their tokens are bound to details, which the dialog shows as these schemas say.
// `npm start` writes the actions into the wallet's environment.

const text = (title: string, order: number) => ({ title, display: { as: 'text', order } })
const address = (title: string, order: number) => ({ title, display: { as: 'address', order } })
const wei = (title: string, order: number) => ({
  title,
  display: { as: 'amount', unitFrom: 'asset', decimals: 18, order },
})
const gwei = (title: string, order: number) => ({
  title,
  display: { as: 'amount', unit: 'gwei', decimals: 9, order },
})
const hash = (title: string, of: string) => ({ title, display: { as: 'hash', of } })

const bound = (action: string, properties: Record<string, object>) => ({
  action,
  base: { details: 'required' as const },
  detailsSchema: { type: 'object', properties },
})

export const ACTIONS = [
  bound('wallet.waas.sign', {
    warning: text('Careful', 0),
    value: wei('Amount', 1),
    asset: { title: 'Currency' },
    to: address('Recipient', 2),
    fee: wei('Max fee', 3),
    contract: address('Contract', 4),
    contractName: text('Name', 5),
    message: text('Message', 6),
    bytes: { title: 'Bytes', display: { as: 'bytes', order: 6 } },
    data: { title: 'Data', display: { as: 'bytes', order: 7 } },
    primaryType: text('Type of data', 8),
    domain: {
      title: 'Application',
      display: { as: 'text', order: 9 },
      properties: {
        name: text('name', 0),
        version: text('version', 1),
        chainId: text('chain', 2),
        verifyingContract: address('contract', 3),
      },
    },
    network: text('Network', 10),
    length: text('Length', 11),
    maxFeePerGas: gwei('Max fee per gas', 12),
    maxPriorityFeePerGas: gwei('Priority fee per gas', 13),
    gas: text('Gas limit', 14),
    nonce: text('Nonce', 15),
    chainId: text('Chain ID', 16),
    kind: text('Kind', 17),
    hash: hash('Hash', 'message'),
    dataHash: hash('Hash', 'data'),
  }),
  bound('wallet.waas.refresh', {
    to: text('New holder of a share', 0),
    kind: text('Change', 1),
  }),
  bound('wallet.waas.reshare', {
    to: text('Holder of the share', 0),
    decision: text('Decision', 1),
  }),
]
