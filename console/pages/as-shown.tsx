// Details as the step-up dialog shows them by the schema of an action, also one that is not saved yet.
import { type ActionEntry, type Details, rowsOf } from 'countersign/contract'

interface AsShownProps {
  details: Details
  schema: ActionEntry['detailsSchema']
}

export const AsShown = ({ details, schema }: AsShownProps) => (
  <section className="stack-close" aria-label="As users see it">
    <h3 className="small soft">As users see it</h3>
    <dl className="facts">
      {rowsOf(schema, details, navigator.language).map(({ title, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two rows may have the same title
        <div key={index}>
          <dt>{title}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
  </section>
)
