// Differences between two settings documents, before and after, what is weaker marked.
import type { SettingChange } from 'countersign/contract'
import { Icon } from './icon.tsx'
import { Badge } from './table.tsx'

/** A value of a settings document as one reads it. */
export function shown(value: unknown): string {
  if (value === undefined) return 'not set'
  return typeof value === 'string' ? value : JSON.stringify(value, null, 1)
}

export const ChangeList = ({ changes }: { changes: readonly SettingChange[] }) => (
  <ul>
    {[...changes]
      .sort((a, b) => Number(b.weaker) - Number(a.weaker))
      .map(({ path, before, after, weaker }) => (
        <li key={path} className="change">
          <p className="change-path">
            <code>{path}</code>
            {weaker && (
              <Badge tone="warn">
                <Icon name="warning" />
                Weaker
              </Badge>
            )}
          </p>
          <dl className="before-after">
            <div className="before">
              <dt>Before</dt>
              <dd>{shown(before)}</dd>
            </div>
            <div className="after">
              <dt>After</dt>
              <dd>{shown(after)}</dd>
            </div>
          </dl>
        </li>
      ))}
  </ul>
)
