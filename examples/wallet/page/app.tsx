// Which view there is: finding out where Countersign is, signing in, or the wallet of whoever is.
import { useQuery } from '@tanstack/react-query'
import { CountersignProvider } from 'countersign/react'
import { connect } from './account.ts'
import { Failure, Loading } from './parts/notice.tsx'
import { Toasts } from './parts/toasts.tsx'
import { useSession } from './session.ts'
import { Home } from './views/home.tsx'
import { SignIn } from './views/sign-in.tsx'

export function App() {
  const session = useSession()
  const { data, error, refetch } = useQuery({
    queryKey: ['instance'],
    queryFn: connect,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: Number.POSITIVE_INFINITY,
  })
  if (!data) {
    return (
      <main className="sign-in">
        <h1 className="hidden-visually">Wallet</h1>
        {error ? (
          <Failure error={error} onRetry={() => void refetch()} />
        ) : (
          <Loading what="the wallet" />
        )}
      </main>
    )
  }
  return (
    <CountersignProvider instance={data}>
      {session ? <Home key={session.session} session={session} /> : <SignIn />}
      <Toasts />
    </CountersignProvider>
  )
}
