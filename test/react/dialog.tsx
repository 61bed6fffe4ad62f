// The dialog as an application opens it, with its looks, for tests of what it shows.
import { fireEvent, screen } from '@testing-library/react'
import { Export, type Opening } from './export.tsx'
import { page } from './page.tsx'

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
