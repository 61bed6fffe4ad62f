// The page of the smallest example: a name to sign in with, and a refund that asks for a step-up.
import 'countersign/react/dialog.css'
import { createCountersign } from 'countersign'
import { useStepUp } from 'countersign/react'
import { useState } from 'react'
import { createRoot } from 'react-dom/client'

declare const COUNTERSIGN_URL: string
let session: string | undefined
createCountersign({ url: COUNTERSIGN_URL, environment: 'hello', getSessionToken: () => session })

const headers = { 'content-type': 'application/json' }
const json = (value: object) => ({ method: 'POST', headers, body: JSON.stringify(value) })

function App() {
  const { stepUp, dialog } = useStepUp()
  const [status, say] = useState('Sign in with any name.')
  const signIn = async (form: FormData) => {
    session = await (await fetch('/sign-in', json({ name: form.get('name') }))).text()
    say('You are signed in.')
  }
  const refund = async () => {
    const details = { order: '17', amount: 25 }
    const outcome = await stepUp('order.refund', (f) => f('/refund', json(details)), { details })
    say(outcome.status === 'completed' ? await outcome.value.text() : outcome.status)
  }
  return (
    <form action={signIn}>
      <input name="name" aria-label="Name" /> <button type="submit">Sign in</button>{' '}
      <input type="button" value="Refund" onClick={() => refund().catch((e) => say(e.message))} />
      <p role="status">{status}</p>
      {dialog}
    </form>
  )
}
createRoot(document.body).render(<App />)
