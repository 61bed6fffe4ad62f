// Differences between two settings documents, before and after, in the words of the forms; what is
// weaker is marked and stands first.
import type { ActionEntry, SettingChange } from 'countersign/contract'
import { Badge } from '../../ui/facts.tsx'
import { Icon } from '../../ui/icon.tsx'
import { type Part, partsOf, placeName } from '../model/saying.ts'

interface ChangeListProps {
  changes: readonly SettingChange[]
  /** Those of the settings, which name themselves. */
  actions: readonly ActionEntry[] | undefined
}

export const ChangeList = ({ changes, actions }: ChangeListProps) => (
  <ul>
    {changes
      .toSorted((a, b) => Number(b.weaker) - Number(a.weaker))
      .map((change, index) => (
        <li
          // biome-ignore lint/suspicious/noArrayIndexKey: cases of one action share their place
          key={`${change.path} ${index}`}
          className={change.weaker ? 'change change-weaker' : 'change'}
        >
          <Change change={change} name={placeName(change.path, actions)} />
        </li>
      ))}
  </ul>
)

interface ChangeProps {
  change: SettingChange
  name: string
}

function Change({ change: { path, before, after, weaker }, name }: ChangeProps) {
  const [was, is] = [partsOf(path, before), partsOf(path, after)]
  // Of a whole that came or went, there is nothing on the other side.
  const isNew = was.length === 0 && is.length > 1
  const isGone = is.length === 0 && was.length > 1
  return (
    <>
      <p className="change-path">
        <span>{name}</span>
        {weaker && (
          <Badge tone="warn">
            <Icon name="warning" />
            Weaker
          </Badge>
        )}
        <code className="small soft">{path}</code>
      </p>
      <dl className={isNew || isGone ? 'before-after before-after-single' : 'before-after'}>
        {!isNew && (
          <div className={isGone ? 'after' : 'before'}>
            <dt>{isGone ? 'Removed' : 'Before'}</dt>
            <Value parts={was} isWhole={is.length > 1} />
          </div>
        )}
        {!isGone && (
          <div className="after">
            <dt>{isNew ? 'New' : 'After'}</dt>
            <Value parts={is} isWhole={was.length > 1} />
          </div>
        )}
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
