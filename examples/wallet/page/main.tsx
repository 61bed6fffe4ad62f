// The entry of the wallet's page.
import { QueryClient } from '@tanstack/react-query'
import { showPage } from '../../../ui/show-page.tsx'
import { App } from './app.tsx'
import { wordsOf } from './words.ts'
import 'countersign/react/dialog.css'
import '../../../ui/styles/index.css'
import './styles/theme.css'
import './styles/views.css'
import './styles/frame.css'

// A browser may believe that it is offline and be wrong: every call is tried, and reports its own failure.
const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', retry: 1, retryDelay: 600 },
    mutations: { networkMode: 'always' },
  },
})

showPage({ queries, wordsOf, children: <App /> })
