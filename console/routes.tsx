// Which page an address shows. Everything of an environment is below /e/ and its id.
import { reasonOf } from 'countersign'
import { lazy, type ReactNode, Suspense } from 'react'
import { Link, Route, Switch } from 'wouter'
import { Empty, Skeleton } from '../ui/notice.tsx'
import { useEnvironment } from './data.ts'
import { Account } from './pages/account.tsx'
import { Action } from './pages/action.tsx'
import { Actions } from './pages/actions.tsx'
import { AddAction } from './pages/add-action.tsx'
import { CreateEnvironment } from './pages/create.tsx'
import { Environments } from './pages/environments.tsx'
import { Guide } from './pages/guide.tsx'
import { DirectoryHistory, History } from './pages/history.tsx'
import { Keys } from './pages/keys.tsx'
import { Operators } from './pages/operators.tsx'
import { Settings } from './pages/settings.tsx'
import { Users } from './pages/users.tsx'
import { WithDraft } from './pages/with-draft.tsx'
import { Page } from './parts/page.tsx'

// The library that draws is larger than all the rest, and only one page needs it.
const Overview = lazy(() => import('./pages/overview.tsx').then((m) => ({ default: m.Overview })))

const waiting = <Skeleton what="the overview" lines={6} />

const PAGES: Record<string, (environment: string) => ReactNode> = {
  '/': (environment) => (
    <Suspense fallback={waiting}>
      <Overview environment={environment} />
    </Suspense>
  ),
  '/actions': (environment) => <WithDraft environment={environment} page={Actions} />,
  '/actions/new': (environment) => <WithDraft environment={environment} page={AddAction} />,
  '/actions/:action': (environment) => <WithDraft environment={environment} page={Action} />,
  '/guide': (environment) => <WithDraft environment={environment} page={Guide} />,
  '/settings': (environment) => <WithDraft environment={environment} page={Settings} />,
  '/users': (environment) => <Users environment={environment} />,
  '/history': (environment) => <History environment={environment} />,
  '/keys': (environment) => <Keys environment={environment} />,
}

export const Routes = () => (
  <Switch>
    <Route path="/">
      <Environments />
    </Route>
    <Route path="/new">
      <CreateEnvironment />
    </Route>
    <Route path="/operators">
      <Operators />
    </Route>
    <Route path="/operators/history">
      <DirectoryHistory />
    </Route>
    <Route path="/account">
      <Account />
    </Route>
    {Object.entries(PAGES).map(([path, page]) => (
      <Route key={path} path={`/e/:environment${path === '/' ? '' : path}`}>
        {({ environment = '' }: { environment?: string }) => (
          <Within key={environment} environment={environment}>
            {page(environment)}
          </Within>
        )}
      </Route>
    ))}
    <Route>
      <Page title="There is no such page">
        <Empty icon="search" title="This address leads nowhere">
          <p>Choose a page from the menu.</p>
        </Empty>
      </Page>
    </Route>
  </Switch>
)

/** A page of an environment. If the environment does not exist, it says so once, not in each part. */
function Within({ environment, children }: { environment: string; children: ReactNode }) {
  const { data, error } = useEnvironment(environment)
  if (data || reasonOf(error)?.reason !== 'unknown_environment') return children
  return (
    <Page title={environment}>
      <Empty icon="environments" title="There is no such environment">
        <p>It may have been removed, or its name mistyped.</p>
        <Link href="/" className="button">
          All environments
        </Link>
      </Empty>
    </Page>
  )
}
