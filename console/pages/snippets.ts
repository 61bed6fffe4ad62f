// The lines that an application pastes, with the values of its environment in them.

interface Lines {
  url: string
  environment: string
  action: string
  audience: string
}

/** For the page: Countersign once, and one call around the action. */
export const pageLines = ({ url, environment, action }: Lines): string => `\
import { createCountersign } from 'countersign'
import { useStepUp } from 'countersign/react'
import 'countersign/react/dialog.css'

createCountersign({
  url: '${url}',
  environment: '${environment}',
  getSessionToken: () => sessionToken, // of your own sign-in
})

export function Run() {
  const { stepUp, dialog } = useStepUp()
  const run = () =>
    stepUp('${action}', (fetch) => fetch('/api/run', { method: 'POST' }))
  return (
    <>
      <button onClick={run}>Go on</button>
      {dialog}
    </>
  )
}

// Without React: withStepUp('${action}', (fetch) => fetch(…), { prompt })`

/** For the API: the guard, before the handler. */
export const guardLines = ({ url, environment, action, audience }: Lines): string => `\
import { createGuard } from 'countersign/resource'

const guard = createGuard({
  url: '${url}',
  environment: '${environment}',
  audience: '${audience}',
  resourceKey: process.env.COUNTERSIGN_RESOURCE_KEY,
})

app.post(
  '/api/run',
  guard.requireStepUp({
    action: '${action}',
    subject: (c) => c.get('userId'), // whom your own sign-in authenticated
  }),
  (c) => c.json(run(c.get('userId'))),
)`
