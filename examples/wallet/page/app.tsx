// Chooses the view: finding out where Countersign is, signing in, or the wallet of the signed-in user.
import { useQuery } from '@tanstack/react-query'
import { CountersignProvider } from 'countersign/react'
import { Failure } from '../../../ui/notice.tsx'
import { Toasts } from '../../../ui/toasts.tsx'
import { connect } from './account.ts'
import { useSession } from './session.ts'
import { Entrance, Opening } from './views/entrance.tsx'
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
    return <Opening>{error && <Failure error={error} onRetry={() => void refetch()} />}</Opening>
  }
  return (
    <CountersignProvider instance={data}>
      {session ? <Entrance key={session.session} session={session} /> : <SignIn />}
      <Toasts />
    </CountersignProvider>
  )
}
