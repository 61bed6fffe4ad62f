// The dialog as an application opens it, with its looks, for tests of what it shows.
import { fireEvent, screen } from '@testing-library/react'
import { type StepUpLook, useStepUp } from '../../client/react.ts'
import { page } from './page.tsx'

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

export const press = (name: string | RegExp) =>
  fireEvent.click(screen.getByRole('button', { name }))

/** Types a code, and sends it off. */
export function enter(code: string, label: string | RegExp): void {
  fireEvent.change(screen.getByLabelText(label), { target: { value: code } })
  fireEvent.submit(screen.getByLabelText(label))
}

/** Opens the dialog; `outcomes` hears how the action ends. */
export async function openDialog(opening: Opening = {}) {
  const outcomes: unknown[] = []
  page().render(<Export {...opening} onOutcome={(outcome) => outcomes.push(outcome)} />)
  press('Export')
  return { dialog: await screen.findByRole('dialog'), outcomes }
}

/** What the live regions say, in the order of the page. */
export const announced = (): string[] =>
  screen
    .getAllByRole('status', { hidden: true })
    .map(({ textContent }) => textContent ?? '')
    .filter(Boolean)
