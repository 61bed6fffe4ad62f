// Lists the details of an action. Values may come from an attacker: invisible characters are escaped, and a
// shortened value can be opened in full.
import type { Details } from '../../contract/index.ts'
import { type StepUpTexts, textAt } from './texts.ts'

const LONG = 96
const HEAD = 48
const TAIL = 16

/** Invisible characters, and characters that change the direction of text. */
const UNSEEN = /[\p{Cc}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu

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
