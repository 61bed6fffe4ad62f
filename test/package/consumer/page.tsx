// An application in React, in an empty project: it type-checks there, and renders.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createCountersign } from 'countersign'
import { Onboarding, useStepUp } from 'countersign/react'
import { useAuthenticateTotpMfaDevice, useOnboarding } from 'countersign/react/query'
import { ar } from 'countersign/react/texts/ar'
import { de } from 'countersign/react/texts/de'
import { es } from 'countersign/react/texts/es'
import { fr } from 'countersign/react/texts/fr'
import { ja } from 'countersign/react/texts/ja'
import { type ReactNode, useState } from 'react'
import { renderToString } from 'react-dom/server'

createCountersign({
  url: 'https://countersign.example',
  environment: 'live',
  getSessionToken: () => undefined,
})

export function ExportButton({ onExported }: { onExported: (key: string) => void }) {
  const texts = [ar, de, es, fr, ja].find(({ lang }) => lang === navigator.language)
  const { stepUp, dialog } = useStepUp({ texts })
  const { mutate: authenticate, isPending, error } = useAuthenticateTotpMfaDevice()
  const [code, setCode] = useState('')
  const exportKey = async () => {
    const outcome = await stepUp('wallet.waas.export', (fetch) => fetch('/api/export'))
    if (outcome.status === 'completed') onExported(await outcome.value.text())
  }
  const verify = () =>
    authenticate({ code, requestedScopes: ['wallet:export'] }, { onSuccess: exportKey })
  return (
    <form onSubmit={verify}>
      <input value={code} onChange={(event) => setCode(event.target.value)} />
      <button type="submit" disabled={isPending}>
        Export
      </button>
      {error && <p>{error.reason}</p>}
      {dialog}
    </form>
  )
}

export function SignedIn({ children }: { children: ReactNode }) {
  const { state, finish } = useOnboarding()
  if (state === 'needed') return <Onboarding onDone={finish} />
  return state === 'done' ? children : null
}

console.log(
  renderToString(
    <QueryClientProvider client={new QueryClient()}>
      <ExportButton onExported={() => {}} />
    </QueryClientProvider>,
  ),
)
