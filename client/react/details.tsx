// What the action is about to do, as a list of names and values. Values come from the application and
// may come from anybody: none can pretend to be something else, and none is shown in part alone.
import type { Details } from '../../contract/index.ts'
import type { StepUpTexts } from './texts.ts'

const LONG = 96
const HEAD = 48
const TAIL = 16

/** Characters that are not seen, or turn the direction of others. */
const UNSEEN = /[\p{Cc}\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** The details of an action. */
export const DetailList = ({ details, texts }: { details: Details; texts: StepUpTexts }) => {
  const entries = Object.entries(details)
  if (entries.length === 0) return null
  return (
    <section className="countersign-details" aria-label={texts.detailsLabel}>
      <dl>
        {entries.map(([name, value]) => (
          <div key={name}>
            <dt>{texts.detailNames[name] ?? shown(name)}</dt>
            <dd>
              <Value text={shown(value)} texts={texts} />
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}

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
