// A receipt that somebody handed over as a file: dropped or chosen, verified in this page, and explained.
import { useMutation } from '@tanstack/react-query'
import { useState } from 'react'
import { Card } from '../../ui/card.tsx'
import { Field, TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Failure } from '../../ui/notice.tsx'
import { useEnvironment } from '../data.ts'
import { checkFile, readObject, readReceiptKeys } from '../model/receipt-check.ts'
import { Proof } from '../parts/proof.tsx'
import { AsShown } from './as-shown.tsx'

export function CheckReceipt({ environment }: { environment: string }) {
  const { data: view } = useEnvironment(environment)
  const [file, setFile] = useState<File>()
  const [typed, setTyped] = useState('')
  const [wasSent, setSent] = useState(false)
  const details = typed.trim() ? readObject(typed) : undefined
  const isUnreadable = typed.trim() !== '' && !details
  const checking = useMutation({
    mutationFn: async (chosen: File) => ({
      ...(await checkFile(chosen, details, environment, await readReceiptKeys(environment))),
      details,
    }),
    gcTime: 0,
  })
  const { data } = checking
  const check = (chosen: File | undefined) => {
    setSent(true)
    checking.reset()
    if (chosen && !isUnreadable) checking.mutate(chosen)
  }
  const schema = view?.settings.actions?.find(({ action }) => action === data?.action)
  return (
    <Card
      title="Check a receipt"
      lead="Verifies a receipt that somebody handed over. The file and the details stay in this page."
    >
      <Form
        action="Check the receipt"
        icon="check"
        look="plain"
        isPending={checking.isPending}
        onSend={() => check(file)}
      >
        <Field
          label="Receipt file"
          hint="Drop a JSON file here, or choose one."
          error={wasSent && !file ? 'Choose a file.' : undefined}
        >
          {(control) => (
            // Browsers take a file that is dropped on such a field.
            <input
              {...control}
              type="file"
              accept=".json,application/json"
              className="input drop"
              onChange={({ target }) => {
                setFile(target.files?.[0])
                check(target.files?.[0])
              }}
            />
          )}
        </Field>
        <TextField
          label="Details"
          isOptional
          hint="The details of the action as JSON. A receipt has only their hash."
          placeholder="{ … }"
          mono
          rows={3}
          value={typed}
          error={wasSent && isUnreadable ? 'These details are not a JSON object.' : undefined}
          onValue={setTyped}
        />
      </Form>
      <div className="hold" aria-live="polite">
        {data && (
          <Proof verdict={data.verdict}>
            {data.advice && <p>{data.advice}</p>}
            {data.verdict.valid && data.details && (
              <AsShown details={data.details} schema={schema?.detailsSchema} />
            )}
          </Proof>
        )}
      </div>
      <div className="hold">
        <Failure error={checking.error} />
      </div>
    </Card>
  )
}
