// The top of the page: the way to the views, who is signed in, the theme, and the way out.
import { type SignedIn, shortAddress } from '../../shared/view.ts'
import { ThemeToggle } from '../parts/theme.tsx'
import { Brand } from './brand.tsx'
import { SignOut } from './sign-out.tsx'

const LINKS = [
  ['wallet', 'Wallet'],
  ['security', 'Security'],
  ['history', 'History'],
] as const

interface HeaderProps {
  session: SignedIn
  address: string | undefined
  view: string
}

export function Header({ session, address, view }: HeaderProps) {
  return (
    <header className="header">
      <div className="frame header-bar">
        <Brand />
        <nav className="nav" aria-label="Views">
          <ul>
            {LINKS.map(([name, label]) => (
              <li key={name}>
                <a href={`#/${name}`} aria-current={view === name ? 'page' : undefined}>
                  {label}
                </a>
              </li>
            ))}
          </ul>
        </nav>
        <div className="who">
          <p className="who-name small">
            <strong title={session.name}>
              <span className="hidden-visually">Signed in as </span>
              {session.name}
            </strong>
            {address && <span className="soft mono">{shortAddress(address)}</span>}
          </p>
          <ThemeToggle />
          <SignOut />
        </div>
      </div>
    </header>
  )
}
