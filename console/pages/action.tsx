// The editor of one action: its rule, the cases in which it is stricter, what its details look like, and
// beside it the panel to try it, with what is typed and not saved.
import { type ActionEntry, isBuiltIn, isCredentialAction } from 'countersign/contract'
import { useLocation, useParams } from 'wouter'
import { Card } from '../../ui/card.tsx'
import { Badge } from '../../ui/facts.tsx'
import { SelectField } from '../../ui/field.tsx'
import { Empty, Notice } from '../../ui/notice.tsx'
import { editingOf, having } from '../model/editing.ts'
import { Page } from '../parts/page.tsx'
import { actionsOf, schemaPart, sentenceOf, withAction, withoutAction } from '../rules.ts'
import { BackToActions, RemoveAction } from './actions.tsx'
import { CaseList } from './cases.tsx'
import { RuleFields } from './rule-fields.tsx'
import { SchemaField } from './schema-field.tsx'
import { TryRule } from './try-rule.tsx'
import type { DraftPageProps } from './with-draft.tsx'
import { WordFields } from './word-fields.tsx'

export function Action({ environment, draft }: DraftPageProps) {
  const { action: name = '' } = useParams<{ action?: string }>()
  const [, go] = useLocation()
  const editing = editingOf(draft)
  const { settings } = draft
  const shown = actionsOf(settings).find(({ action }) => action === name)
  if (!shown) {
    return (
      <>
        <BackToActions environment={environment} />
        <Page title={name} of={environment}>
          <Empty icon="actions" title="There is no such action">
            <p>It may have been removed. Look among the others.</p>
          </Empty>
        </Page>
      </>
    )
  }
  const { entry, rule, title, text, scope, isWritten } = shown
  const index = (settings.actions ?? []).findIndex(({ action }) => action === name)
  const isNew =
    !isBuiltIn(name) && !draft.base.settings.actions?.some(({ action }) => action === name)
  const path = `actions.${index < 0 ? (settings.actions ?? []).length : index}`
  const set = (part: { [K in keyof ActionEntry]?: ActionEntry[K] | undefined }) =>
    draft.edit((now) => {
      const current = now.actions?.find(({ action }) => action === name) ?? { action: name }
      return withAction(now, having(current, part))
    })
  const remove = () => {
    draft.edit((now) => withoutAction(now, name))
    if (!isBuiltIn(name)) go(`/e/${environment}/actions`)
  }
  return (
    <>
      <BackToActions environment={environment} />
      <Page
        title={title}
        of={environment}
        lead={text || undefined}
        beside={
          isWritten && (
            <RemoveAction
              label={isBuiltIn(name) ? 'Back to the defaults' : 'Remove this action'}
              onRemove={remove}
            />
          )
        }
      >
        <div className="columns beside">
          <div className="stack">
            <Notice>
              <p>{sentenceOf(entry)}</p>
              <p className="row small">
                <code>{name}</code>
                <Badge>{scope}</Badge>
              </p>
            </Notice>
            <Card title="Words" lead="What people call it, here and in the step-up dialog.">
              <div className="grid-2">
                <WordFields
                  action={name}
                  field={(word) => ({
                    value: entry[word] ?? '',
                    error: editing.error(`${path}.${word}`),
                    onValue: (value) => set({ [word]: value || undefined }),
                  })}
                />
              </div>
            </Card>
            <Card title="Rule">
              <RuleFields
                editing={editing}
                path={`${path}.base`}
                noteAt={`action ${name}`}
                rule={rule}
                isCredential={isCredentialAction(name)}
                onRule={(part) => set({ base: { ...rule, ...part } })}
              />
            </Card>
            <Card
              title="Stricter cases"
              lead="When a condition is true or cannot be evaluated, these settings make the rule stricter. They never weaken it."
            >
              <CaseList
                editing={editing}
                path={`${path}.stricter`}
                noteAt={`action ${name} case`}
                base={draft.base}
                entry={entry}
                rule={rule}
                onCases={(cases) => set({ stricter: cases.length > 0 ? cases : undefined })}
              />
            </Card>
            {!isCredentialAction(name) && (
              <Card
                title="Details"
                lead="What the action will do, such as amount and payee. A token that is bound to details is valid for nothing else."
              >
                <SchemaField
                  editing={editing}
                  path={`${path}.detailsSchema`}
                  noteAt={`action ${name} detailsSchema`}
                  value={entry.detailsSchema}
                  onValue={(detailsSchema) => set(schemaPart(shown, detailsSchema, isNew))}
                />
                {settings.audiences.length > 1 && (
                  <SelectField
                    label="API"
                    hint="The API that performs it."
                    value={entry.audience ?? settings.audiences[0] ?? ''}
                    onValue={(audience) => set({ audience })}
                    options={settings.audiences.map((value) => ({ value, label: value }))}
                  />
                )}
              </Card>
            )}
          </div>
          <aside aria-label="Try it">
            <TryRule environment={environment} action={name} draft={draft} />
          </aside>
        </div>
      </Page>
    </>
  )
}
