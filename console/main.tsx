// The entry of the page: the theme, the cache of what was asked, and the first view.
import { QueryClientProvider } from '@tanstack/react-query'
import { CountersignProvider } from 'countersign/react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Router } from 'wouter'
import { countersign } from './api.ts'
import { App } from './app.tsx'
import { queries } from './data.ts'
import { applyTheme } from './parts/theme.tsx'
import 'countersign/react/dialog.css'
import './styles/theme.css'
import './styles/base.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/frame.css'
import './styles/pages.css'

applyTheme()
const root = document.getElementById('root')
if (root) {
  createRoot(root).render(
    <StrictMode>
      <QueryClientProvider client={queries}>
        <CountersignProvider instance={countersign}>
          <Router base="/console">
            <App />
          </Router>
        </CountersignProvider>
      </QueryClientProvider>
    </StrictMode>,
  )
}
