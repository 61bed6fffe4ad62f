// What the forms are filled with at first: things that one might sign, on a test network.
import type { TypedDataRequest } from '../../shared/requests.ts'

export const SEPOLIA = '11155111'

/** An order as a market would have it signed (EIP-712). */
export const exampleOrder = (seller: string): TypedDataRequest => ({
  domain: {
    name: 'Example Market',
    version: '1',
    chainId: Number(SEPOLIA),
    verifyingContract: '0x00000000006c3852cbEf3e08E8dF289169EdE581',
  },
  types: {
    Order: [
      { name: 'seller', type: 'address' },
      { name: 'item', type: 'string' },
      { name: 'priceWei', type: 'uint256' },
      { name: 'validUntil', type: 'uint64' },
    ],
  },
  primaryType: 'Order',
  message: {
    seller,
    item: 'Print no. 12 of 50',
    priceWei: '50000000000000000',
    validUntil: '1893456000',
  },
})

/** A transfer of a little ether, with fees that were usual once. */
export const EXAMPLE_TRANSACTION = {
  to: '0x000000000000000000000000000000000000dEaD',
  amount: '0.01',
  chainId: SEPOLIA,
  nonce: '0',
  gas: '21000',
  maxFee: '20',
  priorityFee: '1',
} as const
