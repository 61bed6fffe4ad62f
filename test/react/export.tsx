// What an application writes around an action, as the tests of the dialog use it.
import { type StepUpLook, useStepUp } from '../../client/react.ts'

const API = 'https://app.test/api/export'

/** What is opened. */
export interface Opening {
  action?: string
  details?: Record<string, unknown>
  look?: StepUpLook
}

/** A button that runs an action, and hears how it ended. */
export function Export({
  action = 'wallet.waas.export',
  details,
  look = {},
  onOutcome,
}: Opening & { onOutcome: (outcome: unknown) => void }) {
  const { stepUp, dialog } = useStepUp(look)
  const run = () =>
    stepUp(action, async (fetch) => (await fetch(API, { method: 'POST' })).json(), { details })
  return (
    <>
      <button
        type="button"
        onClick={() => run().then(onOutcome, (error) => onOutcome(error.reason ?? String(error)))}
      >
        Export
      </button>
      {dialog}
    </>
  )
}
