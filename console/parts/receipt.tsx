// The receipt of a token: fetched, verified in this page, shown in words, and taken along.
import { useMutation } from '@tanstack/react-query'
import { verifyReceipt } from 'countersign/receipt'
import { Button } from '../../ui/button.tsx'
import { Failure } from '../../ui/notice.tsx'
import { service } from '../api.ts'
import { download } from '../model/events.ts'
import { readReceiptKeys } from '../model/receipt-check.ts'
import { Proof } from './proof.tsx'

/** The token of a receipt, and its user. */
export interface ReceiptOf {
  environment: string
  subject: string
  jti: string
}

async function readReceipt(of: ReceiptOf) {
  const receipt = await service.receipt.get.query(of)
  const verdict = await verifyReceipt(receipt, { jwks: await readReceiptKeys(of.environment) })
  return { receipt, verdict }
}

export function Receipt(of: ReceiptOf) {
  const reading = useMutation({ mutationFn: () => readReceipt(of) })
  const { data } = reading
  return (
    <div className="stack-close">
      <div className="row">
        <Button look="plain" isPending={reading.isPending} onClick={() => reading.mutate()}>
          Receipt
        </Button>
        {data && (
          <Button
            look="plain"
            icon="download"
            onClick={() =>
              download(
                JSON.stringify(data.receipt, null, 2),
                `receipt-${of.jti}.json`,
                'application/json',
              )
            }
          >
            Download
          </Button>
        )}
      </div>
      {data && <Proof verdict={data.verdict} />}
      <Failure error={reading.error} />
    </div>
  )
}
