// What the tests of pages share: a page around a hook or a component, and a virtual passkey.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { cleanup, render, renderHook } from '@testing-library/react'
import { type ReactNode, StrictMode } from 'react'
import { afterEach, vi } from 'vitest'

afterEach(() => {
  cleanup()
  // What the dialog of one test announces when it has closed.
  for (const region of document.querySelectorAll('.countersign-said')) region.remove()
  vi.unstubAllGlobals()
})

/** A page with a query client of its own. */
export function page() {
  const client = new QueryClient()
  const wrapper = ({ children }: { children: ReactNode }) => (
    <StrictMode>
      <QueryClientProvider client={client}>{children}</QueryClientProvider>
    </StrictMode>
  )
  return {
    client,
    render: (element: ReactNode) => render(element, { wrapper }),
    hook: <T,>(use: () => T) => renderHook(use, { wrapper }),
  }
}

/** The browser answers every passkey ceremony, or does what a test says. */
export function stubPasskeys(
  get: (options: CredentialRequestOptions) => Promise<unknown> = async () => ({
    id: 'AAAA',
    rawId: new ArrayBuffer(1),
    type: 'public-key',
    response: {
      clientDataJSON: new ArrayBuffer(1),
      authenticatorData: new ArrayBuffer(1),
      attestationObject: new ArrayBuffer(1),
      signature: new ArrayBuffer(1),
    },
    getClientExtensionResults: () => ({}),
  }),
) {
  vi.stubGlobal('PublicKeyCredential', class {})
  const credentials = { get: vi.fn(get), create: vi.fn(get) }
  Object.defineProperty(navigator, 'credentials', { value: credentials, configurable: true })
  return credentials
}
