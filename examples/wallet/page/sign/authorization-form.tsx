// An authorization to sign: that the account acts by the code of a contract (EIP-7702).
import { useState } from 'react'
import { SelectField, TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import { CHAINS } from '../../shared/chains.ts'
import { SEPOLIA } from './examples.ts'
import type { SignFormProps } from './form-props.ts'
import { address, chain, type Problems, readAll, whole } from './read.ts'

const EXAMPLE = {
  contractAddress: '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B',
  chainId: SEPOLIA,
  nonce: '0',
}

export function AuthorizationForm({ isPending, onSign }: SignFormProps) {
  const [values, setValues] = useState(EXAMPLE)
  const [problems, setProblems] = useState<Problems>({})
  const field = (name: keyof typeof EXAMPLE) => ({
    value: values[name],
    onValue: (text: string) => setValues((before) => ({ ...before, [name]: text })),
    error: problems[name],
  })
  const send = () => {
    const read = readAll(values, {
      contractAddress: [address, 'Enter an address with the right checksum.'],
      chainId: [chain, 'Choose a chain.'],
      nonce: [whole, 'Enter a whole number.'],
    })
    setProblems('problems' in read ? read.problems : {})
    if ('value' in read) onSign({ kind: 'authorization', authorization: read.value })
  }
  return (
    <Form action="Sign authorization" isPending={isPending} onSend={send}>
      <TextField
        label="Contract"
        hint="Your account will run this contract’s code until you authorize another (EIP-7702)."
        mono
        {...field('contractAddress')}
      />
      <div className="grid-2">
        <SelectField label="Chain" options={CHAINS} {...field('chainId')} />
        <TextField label="Nonce" inputMode="numeric" {...field('nonce')} />
      </div>
    </Form>
  )
}
