// What an application writes around everything that is for signed-in users; docs/react.md shows it.
import 'countersign/react/dialog.css'
import { Onboarding } from 'countersign/react'
import { useOnboarding } from 'countersign/react/query'
import type { ReactNode } from 'react'

export function SignedIn({ children }: { children: ReactNode }) {
  const { state, error, retry, finish } = useOnboarding()
  if (state === 'needed') return <Onboarding onDone={finish} />
  if (state === 'done') return children
  return state === 'failed' ? (
    <button type="button" onClick={retry}>{`${error?.reason}: try again`}</button>
  ) : (
    <p>One moment…</p>
  )
}
