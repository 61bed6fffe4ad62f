// A long page in sections, with links to them that stay in view and mark the one that is shown.
import { type ReactNode, useEffect, useRef, useState } from 'react'

/** A part of a page. */
export interface Section {
  id: string
  name: string
  content: ReactNode
}

/** How far below the top of the window a section begins to be the one that is shown. */
const BEGINS_PIXELS = 200
const END_PIXELS = 4

const topOf = (id: string): number =>
  document.getElementById(id)?.getBoundingClientRect().top ?? Number.POSITIVE_INFINITY

/** The section that is shown: at the end of the page, the one that was asked for or the last. */
function shownOf(ids: readonly string[]): string | undefined {
  const { scrollHeight } = document.documentElement
  const isAtEnd = scrollY > 0 && scrollY + innerHeight >= scrollHeight - END_PIXELS
  const asked = location.hash.slice(1)
  if (isAtEnd) return ids.includes(asked) && topOf(asked) > 0 ? asked : ids.at(-1)
  return ids.findLast((id) => topOf(id) <= BEGINS_PIXELS) ?? ids[0]
}

function useShown(ids: readonly string[]): string | undefined {
  const [shown, setShown] = useState(ids[0])
  const all = ids.join(' ')
  useEffect(() => {
    const look = () => setShown(shownOf(all.split(' ')))
    for (const event of ['scroll', 'resize', 'hashchange']) addEventListener(event, look)
    return () => {
      for (const event of ['scroll', 'resize', 'hashchange']) removeEventListener(event, look)
    }
  }, [all])
  return shown
}

export function Sections({ sections }: { sections: readonly Section[] }) {
  const shown = useShown(sections.map(({ id }) => id))
  const list = useRef<HTMLUListElement>(null)
  useEffect(() => {
    const link = list.current?.querySelector<HTMLElement>(`[href="#${shown}"]`)
    if (link) list.current?.scrollTo({ left: link.offsetLeft - list.current.offsetLeft })
  }, [shown])
  return (
    <div className="sections">
      <nav aria-label="Sections">
        <ul ref={list}>
          {sections.map(({ id, name }) => (
            <li key={id}>
              <a href={`#${id}`} aria-current={id === shown ? 'location' : undefined}>
                {name}
              </a>
            </li>
          ))}
        </ul>
      </nav>
      <div className="stack">
        {sections.map(({ id, content }) => (
          <div key={id} id={id}>
            {content}
          </div>
        ))}
      </div>
    </div>
  )
}
