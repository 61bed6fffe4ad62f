// How far an environment is on its way to a guarded action: only what really happened is ticked.
import { Icon } from '../../ui/icon.tsx'
import { useTried, useWatched } from '../data.ts'
import { totalOf } from '../model/counts.ts'

/** A step of the guide that was, or was not yet, taken. */
interface Step {
  /** Of the guide's sections, from 1. */
  section: number
  text: string
  isDone: boolean
}

function useSteps(environment: string): Step[] {
  const { view, stats } = useWatched(environment)
  const wasTried = useTried(environment)
  const counted = stats && totalOf(stats)
  const happened = (event: 'check' | 'passed' | 'used') => (counted?.[event] ?? 0) > 0
  return [
    {
      section: 1,
      text: 'A session token was tried, or a first check seen',
      // A step-up takes a session token, too.
      isDone: wasTried || happened('check') || happened('passed'),
    },
    { section: 3, text: 'An API has a key', isDone: (view?.resourceKeys.length ?? 0) > 0 },
    { section: 5, text: 'The first step-up', isDone: happened('passed') },
    { section: 5, text: 'The first guarded call', isDone: happened('used') },
  ]
}

export function Progress({ environment }: { environment: string }) {
  const steps = useSteps(environment)
  const done = steps.filter(({ isDone }) => isDone).length
  return (
    <section className="card progress" aria-labelledby="progress">
      <h2 id="progress">Progress</h2>
      <ol aria-label="Progress">
        {steps.map(({ section, text, isDone }) => (
          <li key={text} data-done={isDone}>
            <span className="tick">{isDone && <Icon name="check" />}</span>
            <a href={`#step-${section}`}>{text}</a>
            <span className="small soft">{isDone ? 'Done' : 'Not yet'}</span>
          </li>
        ))}
      </ol>
      <p className="small soft" role="status">
        {done} of {steps.length} done.
        {done < steps.length
          ? ' This follows what happens while the page is open; step-ups and calls appear after about ten seconds.'
          : ' Your first action is guarded.'}
      </p>
    </section>
  )
}
