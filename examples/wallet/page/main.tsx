// The entry of the page: the theme, the cache of what was asked, and the first view.
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applyTheme } from './parts/theme.tsx'
import 'countersign/react/dialog.css'
import './styles/theme.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/views.css'
import './styles/frame.css'

// A browser may believe that it is offline and be wrong: every call is tried, and says what became of it.
const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', retry: 1, retryDelay: 600 },
    mutations: { networkMode: 'always' },
  },
})

applyTheme()
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <App />
      </QueryClientProvider>
    </StrictMode>,
  )
}
