// A page that edits an environment's settings: it is given the draft, which other pages go on with, and
// below it stands the bar that leads to review and saving.
import type { EnvironmentView } from 'countersign/contract'
import { type ComponentType, useEffect, useState } from 'react'
import { useLocation, useParams } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Answer } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { knownEnvironment, useEnvironment } from '../data.ts'
import { differences } from '../model/diff.ts'
import { type Drafting, useDraft } from '../model/draft.ts'
import { focusFirstWrong } from '../model/problems.ts'
import { Confirm } from '../parts/dialog.tsx'
import { Page } from '../parts/page.tsx'
import { plural } from '../words.ts'
import { Review } from './review.tsx'

export interface DraftPageProps {
  environment: string
  view: EnvironmentView
  draft: Drafting
}

interface WithDraftProps {
  environment: string
  page: ComponentType<DraftPageProps>
}

export function WithDraft({ environment, page }: WithDraftProps) {
  const query = useEnvironment(environment)
  if (!query.data) {
    return (
      <Page title={environment}>
        <Answer query={query} what="the settings" lines={6}>
          {() => null}
        </Answer>
      </Page>
    )
  }
  return <Inside fetched={query.data} page={page} />
}

interface InsideProps extends Pick<WithDraftProps, 'page'> {
  fetched: EnvironmentView
}

function Inside({ fetched, page: Content }: InsideProps) {
  const view = knownEnvironment(fetched.environment) ?? fetched
  const draft = useDraft(view)
  const { action = '' } = useParams<{ action?: string }>()
  return (
    <>
      {/* Another action is another form. */}
      <Content key={action} environment={view.environment} view={view} draft={draft} />
      {draft.isDirty && <DraftBar draft={draft} />}
    </>
  )
}

/** The page with the first field that is wrong. */
function placeOfWrong({ problems, texts, settings }: Drafting): string {
  const first = problems[0]?.path ?? Object.keys(texts)[0] ?? ''
  const index = /^actions\.(?<index>\d+)/.exec(first)?.groups?.index
  const name = index
    ? settings.actions?.[Number(index)]?.action
    : /^action (?<name>\S+)/.exec(first)?.groups?.name
  return name ? `/actions/${name}` : '/settings'
}

function DraftBar({ draft }: { draft: Drafting }) {
  const [open, setOpen] = useState<'review' | 'discard'>()
  const [, go] = useLocation()
  const { base, settings, problems, texts, isBehind } = draft
  const count = differences(base.settings, settings).length
  const wrong = problems.length + Object.keys(texts).length
  const showWrong = () => {
    if (focusFirstWrong()) return
    go(`/e/${base.environment}${placeOfWrong(draft)}`)
    setTimeout(focusFirstWrong, 0)
  }
  // The bar comes while somebody types: where they type is not to be under it.
  useEffect(() => {
    document.activeElement?.scrollIntoView({ block: 'nearest' })
  }, [])
  return (
    <>
      <section className="draft-bar" aria-label="Unsaved changes">
        <div>
          <strong>{plural(count, 'unsaved change')}</strong>
          <p className="small soft" role="status">
            {wrong > 0
              ? `${plural(wrong, 'error')} to fix before you can save.`
              : isBehind
                ? 'Another operator saved in the meantime. Review both changes together.'
                : 'They take effect when you save. Until then they are kept in this browser tab.'}
          </p>
        </div>
        <div className="row">
          <Button look="plain" onClick={() => setOpen('discard')}>
            Discard
          </Button>
          {wrong > 0 ? (
            <Button onClick={showWrong}>Show error</Button>
          ) : (
            <Button onClick={() => setOpen('review')}>Review and save</Button>
          )}
        </div>
      </section>
      {open === 'review' && <Review draft={draft} onClose={() => setOpen(undefined)} />}
      {open === 'discard' && (
        <Confirm
          title="Discard what you typed?"
          action="Discard"
          isPending={false}
          error={undefined}
          onClose={() => setOpen(undefined)}
          onConfirm={() => {
            setOpen(undefined)
            draft.discard()
            say('Discarded. Nothing was changed.')
          }}
        >
          <p>
            {plural(count, 'change')} to {base.environment} will be gone.
          </p>
        </Confirm>
      )}
    </>
  )
}
