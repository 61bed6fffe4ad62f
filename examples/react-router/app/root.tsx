// The page: a name to sign in with, and a refund that asks for a step-up.
import 'countersign/react/dialog.css'
import { createCountersign } from 'countersign'
import { useStepUp } from 'countersign/react'
import { useMemo, useState } from 'react'
import * as router from 'react-router'
import { readSession, signIn } from './login.server.ts'

export async function loader({ request }: router.LoaderFunctionArgs) {
  const { token } = await readSession(request)
  return { token, url: process.env.COUNTERSIGN_URL ?? '' }
}

export async function action({ request }: router.ActionFunctionArgs) {
  const name = String((await request.formData()).get('name'))
  return router.redirect('/', { headers: { 'set-cookie': await signIn(name) } })
}

export default function Page() {
  const { token, url } = router.useLoaderData<typeof loader>()
  const instance = useMemo(() => {
    const session = { getSessionToken: () => token, sendSession: false }
    // All users of the server would share a default instance.
    return createCountersign({ url, environment: 'hello', ...session, isDefault: false })
  }, [token, url])
  const { stepUp, dialog } = useStepUp({ instance })
  const [status, say] = useState('')
  const refund = async () => {
    const details = { order: '17', amount: 25 }
    const call = { method: 'POST', body: JSON.stringify(details) }
    const outcome = await stepUp('order.refund', (f) => f('/refund', call), { details })
    say(outcome.status === 'completed' ? await outcome.value.text() : outcome.status)
  }
  return (
    <html lang="en">
      <head>
        <title>Hello</title>
        <router.Links />
      </head>
      <body>
        <router.Form method="post">
          <input name="name" aria-label="Name" /> <button type="submit">Sign in</button>
        </router.Form>
        <input type="button" value="Refund" onClick={() => refund().catch((e) => say(e.message))} />
        <p role="status">{status || (token ? 'You are signed in.' : 'Sign in with any name.')}</p>
        {dialog}
        <router.Scripts />
      </body>
    </html>
  )
}
