// An application in React without TanStack Query: `useStepUp` and the dialog need none.
import { createCountersign } from 'countersign'
import { StepUpProvider, useStepUp } from 'countersign/react'
import { renderToString } from 'react-dom/server'

createCountersign({
  url: 'https://countersign.example',
  environment: 'live',
  getSessionToken: () => undefined,
})

function SignButton({ details }: { details: { to: string } }) {
  const { stepUp, dialog } = useStepUp()
  const body = JSON.stringify(details)
  const sign = () =>
    stepUp('wallet.waas.sign', (fetch) => fetch('/api/sign', { method: 'POST', body }), { details })
  return (
    <>
      <button type="button" onClick={() => void sign()}>
        Sign
      </button>
      {dialog}
    </>
  )
}

console.log(
  renderToString(
    <StepUpProvider>
      <SignButton details={{ to: 'bob' }} />
    </StepUpProvider>,
  ),
)
