// The history of an environment, and that of the service: operators and environments.
import { Link } from 'wouter'
import { Card } from '../../ui/card.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useKnown } from '../data.ts'
import { Events } from '../parts/events.tsx'
import { Page } from '../parts/page.tsx'
import { CheckReceipt } from './check-receipt.tsx'

export function History({ environment }: { environment: string }) {
  const known = useKnown(environment)
  return (
    <Page
      title="History"
      of={environment}
      lead="What was changed in this environment, and by whom. Every event carries the hash of the one before, so tampering is detectable. A user’s own history is with the user."
    >
      <div className="stack">
        <Card title="Events">
          <Events chain={{ environment }} name={`countersign-${environment}`} known={known} />
        </Card>
        <CheckReceipt environment={environment} />
      </div>
    </Page>
  )
}

export const DirectoryHistory = () => (
  <>
    <Link href="/operators" className="crumb">
      <Icon name="left" />
      Operators
    </Link>
    <Page
      title="Audit log"
      lead="Who came and went among the operators, and which environments were made and removed."
    >
      <Card title="Events">
        <Events chain={{}} name="countersign-operators" />
      </Card>
    </Page>
  </>
)
