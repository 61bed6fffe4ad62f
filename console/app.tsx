// Which view there is: finding out who is signed in, signing in, or the page that was asked for.
import { useQuery } from '@tanstack/react-query'
import { reasonOf } from 'countersign'
import { StepUpProvider } from 'countersign/react'
import { useEffect } from 'react'
import { Failure, Skeleton } from '../ui/notice.tsx'
import { Toasts } from '../ui/toasts.tsx'
import { resume, service } from './api.ts'
import { useSummary } from './change.ts'
import { queries } from './data.ts'
import { dropDrafts, hasDrafts } from './model/draft.ts'
import { Frame } from './pages/frame.tsx'
import { SignIn, SignInAgain } from './pages/sign-in.tsx'
import { Routes } from './routes.tsx'
import { refresh, useSession } from './session.ts'

export function App() {
  const session = useSession()
  const who = 'self' in session ? session.self.id : undefined
  useEffect(() => {
    // What one operator saw or typed is not left for the next.
    if (who === undefined) return
    return () => {
      queries.clear()
      dropDrafts()
    }
  }, [who])
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => hasDrafts() && event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [])

  if (session.phase === 'unknown') return <Resume />
  return (
    <>
      {session.phase === 'out' ? <SignIn /> : <SignedIn key={who} />}
      {session.phase === 'ended' && <SignInAgain />}
      <Toasts />
    </>
  )
}

/** Looks whether the cookie of an earlier visit still holds. */
function Resume() {
  const { error, refetch } = useQuery({
    queryKey: ['resume'],
    queryFn: resume,
    gcTime: 0,
    retry: false,
  })
  if (!error || reasonOf(error)?.reason === 'unauthenticated') {
    return error ? (
      <SignIn />
    ) : (
      <main className="sign-in">
        <h1 className="hidden-visually">Countersign</h1>
        <Skeleton what="the console" lines={3} />
      </main>
    )
  }
  return (
    <main className="sign-in">
      <h1>Countersign</h1>
      <Failure error={error} onRetry={refetch} />
    </main>
  )
}

/** The page, and the dialog that asks the operator themselves. */
function SignedIn() {
  // Whether changes ask for a step-up may be another operator's doing.
  useQuery({
    queryKey: ['self'],
    queryFn: async () => {
      const self = await service.operator.self.query({})
      refresh(self)
      return self
    },
    refetchInterval: 300_000,
    staleTime: 60_000,
  })
  const summary = useSummary()
  const texts = {
    title: 'Confirm it’s you',
    actions: { 'operator.change': summary },
    detailsLabel: 'What you confirm',
    // For programs: the dialog folds them away.
    detailNames: { call: null, input: null },
    errors: { locked: 'Codes are locked after too many wrong ones. Use a passkey.' },
  }
  return (
    <StepUpProvider texts={texts}>
      <Frame>
        <Routes />
      </Frame>
    </StepUpProvider>
  )
}
