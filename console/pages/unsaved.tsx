// What was typed and not saved, on a page that does not show it: it is kept, and this leads back to it.
import { Link } from 'wouter'
import { Icon } from '../../ui/icon.tsx'
import { useDrafted } from '../model/draft.ts'

/** The pages of an environment that show its draft. */
const shows = (location: string, environment: string): boolean =>
  ['actions', 'settings', 'guide'].some(
    (page) =>
      location === `/e/${environment}/${page}` || location.startsWith(`/e/${environment}/${page}/`),
  )

export function Unsaved({ location }: { location: string }) {
  const hidden = useDrafted().filter((environment) => !shows(location, environment))
  return hidden.map((environment) => (
    <aside className="nudge" key={environment} aria-label={`Unsaved changes of ${environment}`}>
      <p>
        <Icon name="info" />
        <span>
          <strong>{environment} has unsaved changes.</strong> They are kept in this browser tab
          until you save or discard them.
        </span>
      </p>
      <Link href={`/e/${environment}/settings`} className="button button-plain button-small">
        Back to the changes
      </Link>
    </aside>
  ))
}
