// Differences between two settings documents, before and after, in the words of the forms; what is
// weaker is marked and stands first.
import type { SettingChange } from 'countersign/contract'
import { Badge } from '../../ui/facts.tsx'
import { Icon } from '../../ui/icon.tsx'
import { type Part, partsOf, placeName } from '../model/saying.ts'

export const ChangeList = ({ changes }: { changes: readonly SettingChange[] }) => (
  <ul>
    {changes
      .toSorted((a, b) => Number(b.weaker) - Number(a.weaker))
      .map((change, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: cases of one action share their place
        <li key={`${change.path} ${index}`} className="change">
          <Change change={change} />
        </li>
      ))}
  </ul>
)

function Change({ change: { path, before, after, weaker } }: { change: SettingChange }) {
  const [was, is] = [partsOf(path, before), partsOf(path, after)]
  return (
    <>
      <p className="change-path">
        {placeName(path)}
        {weaker && (
          <Badge tone="warn">
            <Icon name="warning" />
            Weaker
          </Badge>
        )}
        <code className="small soft">{path}</code>
      </p>
      <dl className="before-after">
        <div className="before">
          <dt>Before</dt>
          <Value parts={was} isWhole={is.length > 1} />
        </div>
        <div className="after">
          <dt>After</dt>
          <Value parts={is} isWhole={was.length > 1} />
        </div>
      </dl>
    </>
  )
}

/** One thing stands by itself, several under their names. */
const Value = ({ parts, isWhole }: { parts: readonly Part[]; isWhole: boolean }) => {
  const [first, ...more] = parts
  if (!first) return <dd>None</dd>
  const isNamed = isWhole || more.length > 0 || first.name.startsWith('Stricter when')
  return isNamed ? (
    parts.map(({ name, text }) => (
      <dd key={`${name} ${text}`}>
        <span className="part-name">{name}</span>
        {text}
      </dd>
    ))
  ) : (
    <dd>{first.text}</dd>
  )
}
