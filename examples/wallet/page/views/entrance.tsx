// Between signing in and the wallet: where the environment asks everybody for a second factor and the
// user has none, they set one up here first. Until that is known nothing of the wallet is shown.
import { Onboarding, type StepUpTextsPart } from 'countersign/react'
import { useOnboarding } from 'countersign/react/query'
import { type ReactNode, useEffect } from 'react'
import { Failure, Skeleton } from '../../../../ui/notice.tsx'
import { say } from '../../../../ui/toasts.tsx'
import type { SignedIn } from '../../shared/view.ts'
import { ThemeToggle } from '../parts/theme.tsx'
import { Brand } from './brand.tsx'
import { Home } from './home.tsx'
import { SignOut } from './sign-out.tsx'

const TEXTS: StepUpTextsPart = {
  enrollTitle: 'Set up a second factor',
  onboardingIntro:
    'This wallet asks everybody for one, so that signing in as you is not enough to use it.',
}

/** The page while there is nothing to show yet. */
export const Opening = ({ children }: { children?: ReactNode }) => (
  <main className="sign-in">
    <h1 className="hidden-visually">Wallet</h1>
    {children ?? <Skeleton what="the wallet" />}
  </main>
)

export function Entrance({ session }: { session: SignedIn }) {
  const { state, error, retry, finish } = useOnboarding()
  if (state === 'done') return <Home session={session} />
  if (state === 'loading') return <Opening />
  if (state === 'failed') {
    return (
      <Opening>
        <Failure error={error} onRetry={retry} />
        <Who session={session} />
      </Opening>
    )
  }
  const onDone = () => {
    say('Your second factor is set up.')
    finish()
  }
  return <FirstFactor session={session} onDone={onDone} />
}

function FirstFactor({ session, onDone }: { session: SignedIn; onDone: () => void }) {
  useEffect(() => {
    document.title = 'One more step · Countersign wallet'
  }, [])
  return (
    <main className="sign-in">
      <div className="row row-apart">
        <Brand />
        <ThemeToggle />
      </div>
      <div className="card">
        <h1 className="hidden-visually">One more step</h1>
        <Onboarding texts={TEXTS} onDone={onDone} />
      </div>
      <Who session={session} />
    </main>
  )
}

const Who = ({ session }: { session: SignedIn }) => (
  <div className="row row-apart">
    <p className="small soft">
      Signed in as <strong>{session.name}</strong>
    </p>
    <SignOut />
  </div>
)
