// All that a long request signs, before its user confirms it: the dialog has room for the beginning only.
import { rowsOf } from 'countersign/contract'
import { Button } from '../../../../ui/button.tsx'
import { Notice } from '../../../../ui/notice.tsx'
import { ACTIONS } from '../../shared/actions.ts'
import { readingOf } from '../../shared/details.ts'
import type { SignRequest } from '../../shared/requests.ts'

const SCHEMA = ACTIONS.find(({ action }) => action === 'wallet.waas.sign')?.detailsSchema

interface ReadingProps {
  request: SignRequest
  isPending: boolean
  onSign: () => void
}

export const Reading = ({ request, isPending, onSign }: ReadingProps) => (
  <section className="stack" aria-label="What you sign">
    <Notice tone="warn">
      <p>This is too long for the window in which you confirm it. Read all of it here first.</p>
    </Notice>
    <dl className="facts reading">
      {rowsOf(SCHEMA, readingOf(request)).map(({ title, text }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: two rows may have the same title
        <div key={index}>
          <dt>{title}</dt>
          <dd>{text}</dd>
        </div>
      ))}
    </dl>
    <div className="row">
      <Button isPending={isPending} onClick={onSign}>
        I have read it: sign
      </Button>
    </div>
  </section>
)
