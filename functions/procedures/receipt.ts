// receipt.*: proof of a step-up that anybody can verify later.
import { Receipt, ReceiptInput } from '../../contract/index.ts'
import { receiptFor } from '../steps/receipt.ts'
import { calledBy, router } from '../trpc.ts'

export const receiptRouter = router({
  get: calledBy('subject', 'operator', 'resource')
    .input(ReceiptInput)
    .output(Receipt)
    .query(({ ctx: { caller, bindings }, input }) => receiptFor(bindings, caller, input)),
})
