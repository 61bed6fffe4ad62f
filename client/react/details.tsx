// Lists the details of an action as the operator's schema says. Values may come from an attacker: nothing is
// shortened, and every character can be seen.
import type { Details } from '../../contract/index.ts'
import {
  type DetailRow,
  type DisplayPart,
  NEW_LINE,
  rowsOf,
} from '../../contract/shared/display.ts'
import { type StepUpTexts, textAt } from './texts.ts'

/** Kinds whose text is another one than the value. */
const WRITTEN = ['amount', 'address', 'date', 'duration', 'bytes']
/** Kinds that are written from left to right in every language. */
const LEFT_TO_RIGHT = ['amount', 'address', 'hash', 'bytes']

interface DetailListProps {
  details: Details
  /** The titles and `display` of the action's schema, from the decision. */
  display: DisplayPart | undefined
  texts: StepUpTexts
}

/** The details of an action. Those whose name is null are technical: they come last, folded. */
export const DetailList = ({ details, display, texts }: DetailListProps) => {
  const rows = rowsOf(named(display, details, texts), details, localeOf(texts))
  if (rows.length === 0) return null
  const isTechnical = ({ name }: DetailRow) => textAt(texts.detailNames, name) === null
  const technical = rows.filter(isTechnical)
  const plain = rows.filter((row) => !isTechnical(row))
  const exact = rows
    .filter(({ kind }) => WRITTEN.includes(kind))
    .map((row): DetailRow => ({ ...row, text: row.raw, kind: 'raw' }))
  return (
    <section className="countersign-details" aria-label={texts.detailsLabel}>
      {plain.length > 0 && <Rows rows={plain} texts={texts} />}
      <Folded title={texts.technical} rows={technical} texts={texts} />
      <Folded title={texts.exactValues} rows={exact} texts={texts} />
    </section>
  )
}

interface RowsProps {
  rows: readonly DetailRow[]
  texts: StepUpTexts
}

const Folded = ({ title, ...props }: RowsProps & { title: string }) =>
  props.rows.length > 0 && (
    <details className="countersign-technical">
      <summary>{title}</summary>
      <Rows {...props} />
    </details>
  )

const Rows = ({ rows, texts }: RowsProps) => (
  <dl>
    {rows.map(({ title, text, kind, of }, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: two rows may be equal in all they have
      <div key={index} className={`countersign-detail-${kind}`}>
        <dt>{of === undefined ? title : texts.hashOf(of)}</dt>
        <dd>
          <bdi {...(LEFT_TO_RIGHT.includes(kind) && { dir: 'ltr' })}>{linesOf(text)}</bdi>
          {kind === 'hash' && of === undefined && (
            <p className="countersign-warning">{texts.hashAlone}</p>
          )}
        </dd>
      </div>
    ))}
  </dl>
)

/** A line ends after the sign of its end, which stays visible. */
const linesOf = (text: string) => {
  const lines = text.split(new RegExp(`(?<=${NEW_LINE})`))
  // biome-ignore lint/suspicious/noArrayIndexKey: two lines may be equal
  return lines.length > 1 ? lines.map((line, index) => <span key={index}>{line}</span>) : text
}

/** Returns the display of an action with the application's names for its details in place of the operator's. */
function named(
  display: DisplayPart = {},
  details: Details,
  { detailNames }: StepUpTexts,
): DisplayPart {
  const properties = Object.keys(details).map((name) => {
    const part = textAt(display.properties ?? {}, name)
    const title = textAt(detailNames, name)
    return [name, { ...part, ...(title && { title }) }]
  })
  // In the order of the schema.
  const order = Object.fromEntries(Object.keys(display.properties ?? {}).map((name) => [name, {}]))
  return { ...display, properties: { ...order, ...Object.fromEntries(properties) } }
}

/** Returns the locale among the reader's in which the texts are written, such as en-GB. */
const localeOf = ({ lang }: StepUpTexts): string =>
  navigator.languages.find((one) => one === lang || one.startsWith(`${lang}-`)) ?? lang
