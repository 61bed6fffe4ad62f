// Verifies receipts offline, in Node and in browsers. The entry point of `countersign/receipt`.

export type { Receipt } from '../contract/receipt.ts'
export { type ReceiptFault, type ReceiptVerdict, verifyReceipt } from './receipt/verify.ts'
