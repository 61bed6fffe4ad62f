// All actions of an environment, in groups: a switch, one plain sentence for the rule, and the way to
// its editor.
import { isCredentialAction } from 'countersign/contract'
import { Link } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { Badge } from '../../ui/facts.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Empty } from '../../ui/notice.tsx'
import type { Drafting } from '../model/draft.ts'
import { Page } from '../parts/page.tsx'
import { groupsOf, type ShownAction, sentenceOf, withAction } from '../rules.ts'
import type { DraftPageProps } from './with-draft.tsx'

const LEADS: Record<string, string> = {
  wallet: 'What an embedded wallet does with a user’s key.',
  account: 'What your application does with a user’s profile.',
  credentials: 'Changes to a user’s factors. These rules can be made stronger, not switched off.',
  own: 'Sensitive actions of your application.',
}

export function Actions({ environment, draft }: DraftPageProps) {
  const add = (
    <Link href={`/e/${environment}/actions/new`} className="button">
      <Icon name="plus" />
      Add an action
    </Link>
  )
  return (
    <Page
      title="Actions"
      of={environment}
      lead="For each sensitive action: whether users must step up, with which methods, and how long that lasts."
      beside={add}
    >
      <div className="stack">
        {groupsOf(draft.settings).map(({ id, title, actions }) => (
          <Card key={id} title={title} lead={LEADS[id]}>
            {actions.length > 0 ? (
              <ul className="list">
                {actions.map((action) => (
                  <li key={action.action}>
                    <Line environment={environment} action={action} draft={draft} />
                  </li>
                ))}
              </ul>
            ) : (
              <Empty icon="actions" title="No actions of your own yet">
                <p>
                  Name one like <code>order.refund</code>, give it a scope like{' '}
                  <code>orders:refund</code>, and guard that call in your API.
                </p>
                {add}
              </Empty>
            )}
          </Card>
        ))}
      </div>
    </Page>
  )
}

interface LineProps {
  environment: string
  action: ShownAction
  draft: Drafting
}

function Line({ environment, action: shown, draft }: LineProps) {
  const { action, title, text, scope, rule, entry } = shown
  const isOn = rule.require !== 'never'
  const isFixed = isCredentialAction(action)
  const nameId = `name-${action}`
  const toggle = () =>
    draft.edit((settings) =>
      withAction(settings, {
        ...entry,
        base: { ...entry.base, require: isOn ? 'never' : 'whenEnrolled' },
      }),
    )
  return (
    <div className="action">
      <input
        type="checkbox"
        role="switch"
        className="switch"
        checked={isOn}
        aria-checked={isOn}
        disabled={isFixed}
        aria-labelledby={nameId}
        aria-describedby={`${nameId}-rule`}
        onChange={toggle}
      />
      <div className="action-text">
        <div className="action-name">
          <h3 id={nameId}>{title}</h3>
          {title !== action && <code className="soft">{action}</code>}
          <Badge>{scope}</Badge>
          {rule.mode === 'observe' && <Badge tone="warn">Monitor only</Badge>}
          {rule.acr === 'phr' && isOn && <Badge tone="accent">Passkey alone</Badge>}
          {rule.require === 'deny' && <Badge tone="bad">Refused</Badge>}
        </div>
        {text && <p className="small soft">{text}</p>}
        <p id={`${nameId}-rule`}>{sentenceOf(entry)}</p>
      </div>
      <Link
        href={`/e/${environment}/actions/${action}`}
        className="button button-plain button-small"
      >
        Edit<span className="hidden-visually"> {title}</span>
      </Link>
    </div>
  )
}

/** Back to where all actions are. */
export const BackToActions = ({ environment }: { environment: string }) => (
  <Link href={`/e/${environment}/actions`} className="crumb">
    <Icon name="left" />
    Actions
  </Link>
)

/** Takes an action, or what is said of a built-in one, away. */
export const RemoveAction = ({ onRemove, label }: { onRemove: () => void; label: string }) => (
  <Button look="danger" small icon="trash" onClick={onRemove}>
    {label}
  </Button>
)
