// The entry of a page: its theme, its cache, and its first view.
import { type QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { type ReactNode, StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { WordsContext, type WordsOf } from './notice.tsx'
import { applyTheme } from './theme.ts'

interface PageProps {
  queries: QueryClient
  /** How the page words its errors. */
  wordsOf: WordsOf
  children: ReactNode
}

/** Shows a page in its root element. */
export function showPage({ queries, wordsOf, children }: PageProps): void {
  applyTheme()
  const root = document.getElementById('root')
  if (!root) return
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <WordsContext value={wordsOf}>{children}</WordsContext>
      </QueryClientProvider>
    </StrictMode>,
  )
}
