// The frame around everything that is there after signing in: who it is, where one can go, and what
// is open. The address of the page names the view, so that a reload and the back button keep it.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import {
  type StepUpHelp,
  StepUpProvider,
  type StepUpTextsPart,
  useCountersign,
} from 'countersign/react'
import { type ComponentType, useEffect, useRef, useSyncExternalStore } from 'react'
import type { SignedIn } from '../../shared/view.ts'
import { walletQuery } from '../wallet.ts'
import { FactorNotice } from './factor-notice.tsx'
import { Header } from './header.tsx'
import { HistoryView } from './history.tsx'
import { SecurityView } from './security.tsx'
import { WalletPage } from './wallet-page.tsx'

const VIEWS = {
  wallet: { title: 'Wallet', View: WalletPage },
  security: { title: 'Security', View: SecurityView },
  history: { title: 'History', View: HistoryView },
} satisfies Record<string, { title: string; View: ComponentType<{ session: SignedIn }> }>

/** The words of the dialog for the actions of the wallet. Their schemas have those for the details. */
const TEXTS: StepUpTextsPart = {
  actions: {
    'wallet.waas.refresh': 'change who has access to your wallet',
    'wallet.waas.reshare': 'decide who holds a share of your key',
  },
  // What no user decides by is folded below the rest.
  detailNames: {
    ...{ nonce: null, gas: null, chainId: null },
    ...{ maxFeePerGas: null, maxPriorityFeePerGas: null },
  },
}

/** Returns whom to ask: the operators of this wallet, by their page about the user. */
function useHelp({ subject }: SignedIn): StepUpHelp {
  const { url, environment } = useCountersign().options
  return {
    text: `Need help? Ask an operator to reset your factors. Your user id is ${subject}.`,
    href: `${url}/console/e/${environment}/users?user=${subject}`,
  }
}

const APPLICATION = 'Countersign wallet'

export type ViewName = keyof typeof VIEWS

const isView = (name: string): name is ViewName => Object.hasOwn(VIEWS, name)

function readView(): ViewName {
  const name = location.hash.slice(2)
  return isView(name) ? name : 'wallet'
}

function subscribe(listener: () => void): () => void {
  addEventListener('hashchange', listener)
  return () => removeEventListener('hashchange', listener)
}

export function Home({ session }: { session: SignedIn }) {
  const name = useSyncExternalStore(subscribe, readView)
  const { title, View } = VIEWS[name]
  const heading = useRef<HTMLHeadingElement>(null)
  const last = useRef(name)
  const wallet = useQuery(walletQuery(session))
  const help = useHelp(session)
  const queries = useQueryClient()

  // Queries of one session are removed when it ends, so that the next user does not see them.
  useEffect(
    () => () => {
      queries.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== 'instance' })
      queries.getMutationCache().clear()
    },
    [queries],
  )

  useEffect(() => {
    document.title = name === 'wallet' ? APPLICATION : `${title} · ${APPLICATION}`
    // Who goes to another view starts at its heading; who opened the page starts at its top.
    if (last.current !== name) heading.current?.focus()
    last.current = name
  }, [name, title])

  const skip = () => heading.current?.focus()
  return (
    <StepUpProvider texts={TEXTS} help={help}>
      <button type="button" className="button skip" onClick={skip}>
        Skip to content
      </button>
      <Header session={session} address={wallet.data?.address} view={name} />
      <main className="frame main stack">
        <h1 ref={heading} tabIndex={-1}>
          {title}
        </h1>
        {name !== 'security' && <FactorNotice />}
        <View session={session} />
      </main>
    </StepUpProvider>
  )
}
