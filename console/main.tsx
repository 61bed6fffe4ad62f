// The entry of the dashboard.
import { CountersignProvider } from 'countersign/react'
import { Router } from 'wouter'
import { showPage } from '../ui/show-page.tsx'
import { countersign } from './api.ts'
import { App } from './app.tsx'
import { queries } from './data.ts'
import { wordsOf } from './words.ts'
import 'countersign/react/dialog.css'
import '../ui/styles/index.css'
import './styles/controls.css'
import './styles/parts.css'
import './styles/frame.css'
import './styles/pages.css'

const children = (
  <CountersignProvider instance={countersign}>
    <Router base="/console">
      <App />
    </Router>
  </CountersignProvider>
)

showPage({ queries, wordsOf, children })
