// The receipt of a token: fetched, verified in this page, shown in words, and taken along.
import { useMutation } from '@tanstack/react-query'
import { verifyReceipt } from 'countersign/receipt'
import { Button } from '../../ui/button.tsx'
import { Failure, Notice } from '../../ui/notice.tsx'
import { service } from '../api.ts'
import { download } from '../model/events.ts'

/** The token of a receipt, and its user. */
export interface ReceiptOf {
  environment: string
  subject: string
  jti: string
}

async function readReceipt(of: ReceiptOf) {
  const receipt = await service.receipt.get.query(of)
  const keys = await fetch(`/${of.environment}/receipts/jwks.json`)
  const verdict = await verifyReceipt(receipt, { jwks: await keys.json() })
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
      {data?.verdict.valid && (
        <Notice tone="good" title="The receipt proves">
          {data.verdict.says.map((sentence) => (
            <p key={sentence}>{sentence}</p>
          ))}
        </Notice>
      )}
      {data && !data.verdict.valid && (
        <Notice tone="bad" title="The receipt proves nothing">
          <p>{data.verdict.message}</p>
        </Notice>
      )}
      <Failure error={reading.error} />
    </div>
  )
}
