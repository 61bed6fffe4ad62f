// A transfer to sign: who gets how much on which chain, and what it may cost (EIP-1559).
import { useState } from 'react'
import { SelectField, TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import { CHAINS } from '../../shared/chains.ts'
import { EXAMPLE_TRANSACTION } from './examples.ts'
import type { SignFormProps } from './form-props.ts'
import { address, chain, ether, gwei, type Problems, readAll, whole } from './read.ts'

type Values = Record<keyof typeof EXAMPLE_TRANSACTION, string>

const gas = (text: string): string => whole(text).toString()

const readTransaction = (values: Values) =>
  readAll(values, {
    to: [address, 'Enter an address: 0x and 40 hexadecimal digits, with the right checksum.'],
    amount: [ether, 'Enter an amount such as 0.01.'],
    chainId: [chain, 'Choose a chain.'],
    nonce: [whole, 'Enter a whole number.'],
    gas: [gas, 'Enter a whole number.'],
    maxFee: [gwei, 'Enter a price such as 20.'],
    priorityFee: [gwei, 'Enter a price such as 1.'],
  })

const TOO_HIGH = 'This is more than the max fee.'

export function TransactionForm({ isPending, onSign }: SignFormProps) {
  const [values, setValues] = useState<Values>(EXAMPLE_TRANSACTION)
  const [problems, setProblems] = useState<Problems>({})
  const field = (name: keyof Values) => ({
    value: values[name],
    onValue: (text: string) => setValues((before) => ({ ...before, [name]: text })),
    error: problems[name],
  })
  const send = () => {
    const read = readTransaction(values)
    if ('problems' in read) return setProblems(read.problems)
    const { amount: value, maxFee, priorityFee, ...rest } = read.value
    if (BigInt(priorityFee) > BigInt(maxFee)) return setProblems({ priorityFee: TOO_HIGH })
    setProblems({})
    const fees = { maxFeePerGas: maxFee, maxPriorityFeePerGas: priorityFee }
    onSign({ kind: 'transaction', transaction: { ...rest, value, ...fees } })
  }
  return (
    <Form action="Sign transaction" isPending={isPending} onSend={send}>
      <TextField label="Recipient" mono {...field('to')} />
      <div className="grid-2">
        <TextField label="Amount in ETH" inputMode="decimal" {...field('amount')} />
        <SelectField label="Chain" options={CHAINS} {...field('chainId')} />
      </div>
      <div className="grid-2">
        <TextField label="Max fee (gwei)" inputMode="decimal" {...field('maxFee')} />
        <TextField label="Priority fee (gwei)" inputMode="decimal" {...field('priorityFee')} />
        <TextField label="Gas limit" inputMode="numeric" {...field('gas')} />
        <TextField label="Nonce" inputMode="numeric" {...field('nonce')} />
      </div>
    </Form>
  )
}
