// What is around every page: the bar with the ways to go, who is signed in, and the reminder that the
// product guards itself only once somebody has a factor.
import { useMutation } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Link, useLocation, useRoute } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Icon, type IconName } from '../../ui/icon.tsx'
import { Notice } from '../../ui/notice.tsx'
import { signOut } from '../api.ts'
import { useEnvironments } from '../data.ts'
import icon from '../icon.svg'
import { hasDrafts } from '../model/draft.ts'
import { Confirm } from '../parts/dialog.tsx'
import { ThemeSwitch } from '../parts/theme.tsx'
import { useSelf } from '../session.ts'
import { Unsaved } from './unsaved.tsx'

type Place = readonly [path: string, name: string, icon: IconName]

const OF_ENVIRONMENT: readonly Place[] = [
  ['', 'Overview', 'overview'],
  ['/actions', 'Actions', 'actions'],
  ['/users', 'Users', 'users'],
  ['/history', 'History', 'history'],
  ['/keys', 'Keys', 'keys'],
  ['/settings', 'Settings', 'settings'],
  ['/guide', 'Guide', 'guide'],
]
const OF_SERVICE: readonly Place[] = [
  ['/', 'Environments', 'environments'],
  ['/operators', 'Operators', 'operators'],
  ['/account', 'My account', 'account'],
]

const LAST = 'countersign.environment'

/** The environment that the page is about, else the one that it was about last. */
function useChosen(known: readonly string[]): string | undefined {
  const [, inside] = useRoute('/e/:environment/*?')
  const here = inside?.environment
  useEffect(() => {
    if (here) localStorage.setItem(LAST, here)
  }, [here])
  const chosen = here ?? localStorage.getItem(LAST) ?? known[0]
  return chosen && known.includes(chosen) ? chosen : known[0]
}

/** Shows each page from its top. The browser itself goes back to where an earlier page was left. */
function useTopOfPage(location: string): void {
  const isBack = useRef(false)
  useEffect(() => {
    const note = () => {
      isBack.current = true
    }
    addEventListener('popstate', note)
    return () => removeEventListener('popstate', note)
  }, [])
  // biome-ignore lint/correctness/useExhaustiveDependencies: after each navigation
  useEffect(() => {
    if (!isBack.current) scrollTo({ top: 0, behavior: 'instant' })
    isBack.current = false
  }, [location])
}

export function Frame({ children }: { children: ReactNode }) {
  const [isOpen, setOpen] = useState(false)
  const [location] = useLocation()
  useTopOfPage(location)
  // biome-ignore lint/correctness/useExhaustiveDependencies: the menu closes after each navigation
  useEffect(() => setOpen(false), [location])
  return (
    <>
      <a className="button skip" href="#main">
        Skip to the page
      </a>
      <div className="frame">
        <header className="side">
          <Link href="/" className="brand">
            <img src={icon} alt="" />
            Countersign
          </Link>
          <Button
            look="plain"
            small
            icon={isOpen ? 'close' : 'menu'}
            aria-expanded={isOpen}
            aria-controls="menu"
            className="menu-button"
            onClick={() => setOpen(!isOpen)}
          >
            Menu
          </Button>
          <div className="side-body" id="menu" data-open={isOpen}>
            <Ways location={location} />
            <Foot />
          </div>
        </header>
        <main className="main" id="main" tabIndex={-1}>
          <Nudge location={location} />
          <Unsaved location={location} />
          {children}
        </main>
      </div>
    </>
  )
}

function Ways({ location }: { location: string }) {
  const { data = [] } = useEnvironments()
  const [, go] = useLocation()
  const known = data.map(({ environment }) => environment)
  const chosen = useChosen(known)
  return (
    <>
      {chosen && (
        <nav aria-label="Environment" className="stack">
          <SelectField
            label="Environment"
            value={chosen}
            hint={<span className="hidden-visually">Choosing one opens it.</span>}
            onValue={(environment) => go(`/e/${environment}${placeIn(location)}`)}
            options={known.map((value) => ({ value, label: value }))}
          />
          <Nav
            places={OF_ENVIRONMENT.map(([path, ...rest]) => [`/e/${chosen}${path}`, ...rest])}
            location={location}
          />
        </nav>
      )}
      <nav aria-label="Service">
        <p className="nav-title">Service</p>
        <Nav places={OF_SERVICE} location={location} />
      </nav>
    </>
  )
}

/** Where one is in an environment: the same place is shown of another. */
function placeIn(location: string): string {
  const place = /^\/e\/[^/]+(?<place>\/[^/]+)/.exec(location)?.groups?.place ?? ''
  return OF_ENVIRONMENT.some(([path]) => path === place) ? place : ''
}

const isAt = (path: string, location: string): boolean =>
  location === path ||
  (path !== '/' && !/^\/e\/[^/]+$/.test(path) && location.startsWith(`${path}/`))

const Nav = ({ places, location }: { places: readonly Place[]; location: string }) => (
  <ul className="nav">
    {places.map(([path, name, icon]) => (
      <li key={path}>
        <Link href={path} aria-current={isAt(path, location) ? 'page' : undefined}>
          <Icon name={icon} />
          {name}
        </Link>
      </li>
    ))}
  </ul>
)

function Foot() {
  const { name } = useSelf()
  const [isAsking, setAsking] = useState(false)
  const leaving = useMutation({ mutationFn: signOut, onSettled: () => setAsking(false) })
  return (
    <div className="side-foot">
      <div className="who">
        <span className="avatar" aria-hidden="true">
          {[...name][0]?.toUpperCase()}
        </span>
        <span className="who-name">
          <span className="small soft">Signed in as</span>
          <strong>{name}</strong>
        </span>
      </div>
      <div className="row row-apart">
        <ThemeSwitch />
        <Button
          look="quiet"
          small
          icon="out"
          isPending={leaving.isPending}
          onClick={() => (hasDrafts() ? setAsking(true) : leaving.mutate())}
        >
          Sign out
        </Button>
      </div>
      {isAsking && (
        <Confirm
          title="Sign out with unsaved changes?"
          action="Discard and sign out"
          isPending={leaving.isPending}
          error={undefined}
          onClose={() => setAsking(false)}
          onConfirm={() => leaving.mutate()}
        >
          <p>What you typed and did not save is discarded when you sign out.</p>
        </Confirm>
      )}
      {leaving.error && (
        <Notice tone="bad" title="You are still signed in" role="alert">
          <p>The service could not be reached. Try again.</p>
        </Notice>
      )}
    </div>
  )
}

function Nudge({ location }: { location: string }) {
  const { guarded, enrolled } = useSelf()
  if (enrolled || location === '/account') return null
  return (
    <aside className="nudge" aria-label="Protect Countersign itself">
      <p>
        <Icon name="actions" />
        <span>
          {guarded ? (
            <>
              <strong>Set up a factor of your own.</strong> Changes are confirmed with a passkey or
              an authenticator app, and you have none yet.
            </>
          ) : (
            <>
              <strong>Protect Countersign itself:</strong> add a passkey or an authenticator app,
              and every change asks for it.
            </>
          )}
        </span>
      </p>
      <Link href="/account" className="button button-small">
        Set it up
      </Link>
    </aside>
  )
}
