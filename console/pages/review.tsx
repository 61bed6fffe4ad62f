// The step between typing and being in force: what would change, and what of it makes something weaker.
// Where another operator was faster, both changes are brought together first.
import { useQuery } from '@tanstack/react-query'
import { reasonOf } from 'countersign'
import type { EnvironmentPreviewResult } from 'countersign/contract'
import { useState } from 'react'
import { useLocation } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Failure, Notice, Skeleton } from '../../ui/notice.tsx'
import { say } from '../../ui/toasts.tsx'
import { service } from '../api.ts'
import { useChanging } from '../change.ts'
import { forget, queries } from '../data.ts'
import type { Drafting } from '../model/draft.ts'
import { focusFirstWrong, refusedField } from '../model/problems.ts'
import { changesInWords } from '../model/saying.ts'
import { ChangeList } from '../parts/changes.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { isConflict, plural } from '../words.ts'
import { Together } from './together.tsx'

interface ReviewProps {
  draft: Drafting
  onClose: () => void
}

export function Review({ draft, onClose }: ReviewProps) {
  const { base, settings } = draft
  const { environment, version } = base
  const [isLate, setLate] = useState(draft.isBehind)
  const preview = useQuery({
    queryKey: ['preview', environment, version, settings],
    queryFn: () => service.environment.preview.query({ environment, settings }),
    staleTime: 0,
    gcTime: 0,
    enabled: !isLate,
  })
  if (isLate || (preview.data && preview.data.version !== version)) {
    return (
      <Together
        draft={draft}
        onClose={onClose}
        onTogether={() => {
          setLate(false)
        }}
      />
    )
  }
  return (
    <Dialog title="Review and save" wide onClose={onClose}>
      {preview.data ? (
        <Found
          draft={draft}
          preview={preview.data}
          onClose={onClose}
          onConflict={() => setLate(true)}
        />
      ) : preview.error ? (
        <Refused draft={draft} error={preview.error} onRetry={preview.refetch} onClose={onClose} />
      ) : (
        <Skeleton what="what would change" />
      )}
    </Dialog>
  )
}

interface RefusedProps extends ReviewProps {
  error: Error
  onRetry: () => unknown
}

/** Says why the settings cannot be saved, and leads back to the field. */
function Refused({ draft, error, onRetry, onClose }: RefusedProps) {
  const [, go] = useLocation()
  const { base, settings } = draft
  const { place } = reasonOf(error) ?? {}
  const refused = refusedField(
    { message: error.message, ...(place && { place }) },
    settings.actions,
  )
  const back = () => {
    onClose()
    if (!refused) return
    draft.showRefused(refused.problem)
    go(`/e/${base.environment}/actions/${refused.action}`)
    setTimeout(focusFirstWrong, 0)
  }
  return (
    <>
      <Failure error={error} onRetry={reasonOf(error) ? undefined : onRetry} />
      <div className="row row-end">
        <Button look="plain" onClick={back}>
          {refused ? 'Show the condition' : 'Back to the form'}
        </Button>
      </div>
    </>
  )
}

interface FoundProps extends ReviewProps {
  preview: EnvironmentPreviewResult
  onConflict: () => void
}

function Found({ draft, preview: { changes }, onClose, onConflict }: FoundProps) {
  const { environment, version } = draft.base
  const weaker = changes.filter((change) => change.weaker).length
  const saving = useChanging('environment.update', {
    summary: () => changesInWords(changes, environment, draft.settings.actions),
    onDone: (view) => {
      queries.setQueryData(['environment', environment], view)
      draft.discard()
      onClose()
      say(`Saved as version ${view.version}. In force everywhere within 60 seconds.`)
      void forget('history')
    },
  })
  const save = () =>
    saving.mutate(
      { environment, settings: draft.settings, version },
      { onError: (error) => isConflict(error) && onConflict() },
    )
  return (
    <>
      {changes.length === 0 ? (
        <Notice>
          <p>Your settings are the same as those in force. There is nothing to save.</p>
        </Notice>
      ) : (
        <p className="soft">
          {plural(changes.length, 'change')} against version {version}, which is in force now.
        </p>
      )}
      {weaker > 0 && (
        <Notice
          tone="warn"
          title={`${plural(weaker, 'change')} ${weaker === 1 ? 'makes' : 'make'} something weaker`}
        >
          <p>Marked below. It is recorded with your name, like every change.</p>
        </Notice>
      )}
      <ChangeList changes={changes} actions={draft.settings.actions} />
      <Failure error={isConflict(saving.error) ? undefined : saving.error} />
      <div className="row row-end dialog-foot">
        <Button look="plain" onClick={onClose}>
          Back to the form
        </Button>
        {changes.length > 0 && (
          <Button
            look={weaker > 0 ? 'danger' : 'strong'}
            isPending={saving.isPending}
            onClick={save}
          >
            {weaker > 0 ? 'Save, weaker parts too' : 'Save'}
          </Button>
        )}
      </div>
    </>
  )
}
