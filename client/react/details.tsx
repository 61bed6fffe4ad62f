// What the action is about to do, as a list of names and values. Values come from the application and
// may come from anybody: none can pretend to be something else, and none is shown in part alone.
import type { Details } from '../../contract/index.ts'
import { type StepUpTexts, textAt } from './texts.ts'

const LONG = 96
const HEAD = 48
const TAIL = 16

/** Characters that are not seen, or turn the direction of others. */
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

interface DetailListProps {
  details: Details
  texts: StepUpTexts
}

/** The details of an action. Those whose name is null are technical: they come last, folded. */
export const DetailList = ({ details, texts }: DetailListProps) => {
  const entries = Object.entries(details)
  if (entries.length === 0) return null
  const isTechnical = ([name]: [string, unknown]) => textAt(texts.detailNames, name) === null
  const [technical, plain] = [
    entries.filter(isTechnical),
    entries.filter((entry) => !isTechnical(entry)),
  ]
  return (
    <section className="countersign-details" aria-label={texts.detailsLabel}>
      {plain.length > 0 && <Entries entries={plain} texts={texts} />}
      {technical.length > 0 && (
        <details className="countersign-technical">
          <summary>{texts.technical}</summary>
          <Entries entries={technical} texts={texts} />
        </details>
      )}
    </section>
  )
}

const Entries = ({ entries, texts }: { entries: [string, unknown][]; texts: StepUpTexts }) => (
  <dl>
    {entries.map(([name, value]) => (
      <div key={name}>
        <dt>{textAt(texts.detailNames, name) ?? shown(name)}</dt>
        <dd>
          <Value text={shown(value)} texts={texts} />
        </dd>
      </div>
    ))}
  </dl>
)

const Value = ({ text, texts }: { text: string; texts: StepUpTexts }) =>
  text.length <= LONG ? (
    <bdi>{text}</bdi>
  ) : (
    <details>
      <summary>
        <bdi>
          {text.slice(0, HEAD)}…{text.slice(-TAIL)}
        </bdi>{' '}
        <span className="countersign-more">{texts.showAll}</span>
      </summary>
      <bdi>{text}</bdi>
    </details>
  )

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return text.replace(
    UNSEEN,
    (character) => `\\u{${character.codePointAt(0)?.toString(16).padStart(4, '0')}}`,
  )
}
