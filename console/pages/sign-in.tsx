// Signing in with an operator's key. The key leaves the page with one request and is in no state of it
// after that: the field is emptied at once, and a password manager may keep it where it keeps secrets.
import { type FormEvent, type RefObject, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Field } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { forgetSession, signIn } from '../api.ts'
import { queries } from '../data.ts'
import icon from '../icon.svg'
import { Dialog } from '../parts/dialog.tsx'
import { useSelf } from '../session.ts'
import { sentence } from '../words.ts'

function useSignIn(input: RefObject<HTMLInputElement | null>) {
  const [isPending, setPending] = useState(false)
  const [problem, setProblem] = useState<string>()
  const send = async (event: FormEvent) => {
    event.preventDefault()
    const { current } = input
    const key = current?.value.trim() ?? ''
    if (!current || isPending) return
    current.value = ''
    if (!/^csk_op_[\x21-\x7e]{8,}$/.test(key)) {
      setProblem(key ? 'An operator key begins with csk_op_.' : 'Paste your operator key.')
      current.focus()
      return
    }
    setPending(true)
    setProblem(undefined)
    try {
      await signIn(key)
      await queries.invalidateQueries()
    } catch (error) {
      setProblem(sentence(error instanceof Error ? error.message : String(error)))
      current.focus()
    } finally {
      setPending(false)
    }
  }
  return { isPending, problem, send: (event: FormEvent) => void send(event) }
}

function KeyForm({ action }: { action: string }) {
  const input = useRef<HTMLInputElement>(null)
  const { isPending, problem, send } = useSignIn(input)
  return (
    <form className="stack" onSubmit={send} noValidate>
      <Field label="Operator key" error={problem} hint="It begins with csk_op_.">
        {(control) => (
          <input
            {...control}
            ref={input}
            className="input input-mono"
            type="password"
            autoComplete="current-password"
            spellCheck={false}
          />
        )}
      </Field>
      <Button type="submit" isPending={isPending}>
        {action}
      </Button>
    </form>
  )
}

export const SignIn = () => (
  <main className="sign-in">
    <p className="brand">
      <img src={icon} alt="" />
      Countersign
    </p>
    <section className="card" aria-labelledby="sign-in">
      <div className="stack-close">
        <h1 id="sign-in">Sign in</h1>
        <p className="soft">
          With your operator key. It is exchanged for a session of one hour and is not kept in this
          page.
        </p>
      </div>
      <KeyForm action="Sign in" />
    </section>
    <p className="small soft">
      The first key is the service’s secret <code>OPERATOR_KEY</code>; <code>npm start</code> prints
      where to find it. Once there are named operators, each has a key of their own.
    </p>
  </main>
)

/** The session ended in the middle of something. What was typed stays behind the dialog. */
export function SignInAgain() {
  const { name } = useSelf()
  return (
    <Dialog title="Sign in again">
      <Notice>
        <p>
          Your session is over, {name}. Nothing that you typed is lost: sign in and go on where you
          are.
        </p>
      </Notice>
      <KeyForm action="Sign in and go on" />
      <div className="row row-end">
        <Button look="quiet" small onClick={forgetSession}>
          Leave and discard what was typed
        </Button>
      </div>
    </Dialog>
  )
}
