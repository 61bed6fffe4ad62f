// Two operators changed the same environment. The second sees what the first did, keeps what they
// typed, and puts it on top; where both changed the same thing, they choose.
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Failure, Notice, Skeleton } from '../../ui/notice.tsx'
import { readEnvironment } from '../data.ts'
import { type Clash, differences, merge } from '../model/diff.ts'
import type { Drafting } from '../model/draft.ts'
import { contrast, placeName } from '../model/saying.ts'
import { ChangeList } from '../parts/changes.tsx'
import { RadioField } from '../parts/choice.tsx'
import { Dialog } from '../parts/dialog.tsx'
import { plural } from '../words.ts'

interface TogetherProps {
  draft: Drafting
  onClose: () => void
  onTogether: () => void
}

export function Together({ draft, onClose, onTogether }: TogetherProps) {
  const { base, settings } = draft
  const [theirsAt, setTheirs] = useState<ReadonlySet<string>>(new Set())
  const { data, error, refetch } = useQuery({
    queryKey: ['together', base.environment, base.version],
    queryFn: () => readEnvironment(base.environment),
    staleTime: 0,
    gcTime: 0,
  })
  const merged = data && merge(base.settings, settings, data.settings, theirsAt)
  const choose = (path: string, whose: 'mine' | 'theirs') =>
    setTheirs((known) => {
      const next = new Set(known)
      if (whose === 'theirs') next.add(path)
      else next.delete(path)
      return next
    })
  return (
    <Dialog title="Another operator saved first" wide onClose={onClose}>
      <Notice tone="warn" title="What you typed is kept">
        <p>
          You began from version {base.version}
          {data && `; version ${data.version} is in force now`}. Look at what changed, then put
          yours on top.
        </p>
      </Notice>
      {!data &&
        (error ? (
          <Failure error={error} onRetry={refetch} />
        ) : (
          <Skeleton what="what they changed" />
        ))}
      {data && merged && (
        <>
          <section className="stack-close">
            <h3>What they changed</h3>
            <ChangeList
              changes={differences(base.settings, data.settings)}
              actions={data.settings.actions}
            />
          </section>
          {merged.clashes.length > 0 && (
            <section className="stack">
              <h3>{plural(merged.clashes.length, 'thing')} you both changed</h3>
              {merged.clashes.map((clash) => (
                <Choice
                  key={clash.path}
                  clash={clash}
                  name={placeName(clash.path, settings.actions)}
                  value={theirsAt.has(clash.path) ? 'theirs' : 'mine'}
                  onValue={(whose) => choose(clash.path, whose)}
                />
              ))}
            </section>
          )}
        </>
      )}
      <div className="row row-end dialog-foot">
        <Button look="plain" onClick={onClose}>
          Back to the form
        </Button>
        <Button
          aria-disabled={!merged}
          onClick={() => {
            if (!data || !merged) return
            draft.rebase(data, merged.settings)
            onTogether()
          }}
        >
          Apply mine on top
        </Button>
      </div>
    </Dialog>
  )
}

interface ChoiceProps {
  clash: Clash
  name: string
  value: 'mine' | 'theirs'
  onValue: (whose: 'mine' | 'theirs') => void
}

function Choice({ clash: { path, mine, theirs }, name, value, onValue }: ChoiceProps) {
  const [own, other] = contrast(path, mine, theirs)
  return (
    <RadioField
      label={name}
      value={value}
      onValue={onValue}
      options={[
        { value: 'mine', label: 'Yours', hint: own },
        { value: 'theirs', label: 'Theirs', hint: other },
      ]}
    />
  )
}
