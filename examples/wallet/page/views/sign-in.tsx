// Signing in to the demo: a name and nothing else, and the page says so.
import { useMutation } from '@tanstack/react-query'
import { useCountersign } from 'countersign/react'
import { useState } from 'react'
import { TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import { Failure, Notice } from '../../../../ui/notice.tsx'
import { signIn } from '../account.ts'
import { sessionEnded } from '../api.ts'
import { ThemeToggle } from '../parts/theme.tsx'
import { Brand } from './brand.tsx'

const NAME_MAX_CHARACTERS = 40

export function SignIn() {
  const countersign = useCountersign()
  const [name, setName] = useState('')
  const [problem, setProblem] = useState<string>()
  const [isOver] = useState(sessionEnded)
  const signing = useMutation({ mutationFn: () => signIn(name, countersign) })
  const send = () => {
    const isMissing = name.trim() === ''
    setProblem(isMissing ? 'Enter a name to sign in.' : undefined)
    if (!isMissing) signing.mutate()
  }
  return (
    <main className="sign-in">
      <div className="row row-apart">
        <Brand />
        <ThemeToggle />
      </div>
      <div className="card">
        <div className="stack-close">
          <h1 tabIndex={-1}>Sign in</h1>
          <p className="soft">
            An embedded wallet that asks who you are when it matters: before it signs, exports a key
            or changes who holds a share.
          </p>
        </div>
        {isOver && (
          <Notice tone="warn">
            <p>Your session is over. Sign in again to go on.</p>
          </Notice>
        )}
        <Form action="Sign in" isPending={signing.isPending} onSend={send}>
          <TextField
            label="Your name"
            hint="This is a demo: any name works, and there is no password. The same name opens the same wallet."
            value={name}
            onValue={setName}
            error={problem}
            autoComplete="username"
            maxLength={NAME_MAX_CHARACTERS}
          />
          <Failure error={signing.error} />
        </Form>
      </div>
    </main>
  )
}
