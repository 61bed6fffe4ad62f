// Access for somebody else: delegated now, and approved or revoked at the next sign-in.
import { useMutation } from '@tanstack/react-query'
import type { StepUpFetch } from 'countersign'
import { useStepUp } from 'countersign/react'
import { useState } from 'react'
import { Button } from '../../../../ui/button.tsx'
import { Card } from '../../../../ui/card.tsx'
import { TextField } from '../../../../ui/field.tsx'
import { Form } from '../../../../ui/form.tsx'
import { Failure, Notice } from '../../../../ui/notice.tsx'
import { say } from '../../../../ui/toasts.tsx'
import { delegateDetails } from '../../shared/details.ts'
import { accessText, type Decision, type WalletView } from '../../shared/view.ts'
import { needsStepUp, post } from '../api.ts'
import { completed, useWalletChanged, type WalletProps } from '../wallet.ts'

export const DelegationCard = (props: WalletProps) => (
  <Card
    title="Shared access"
    lead="Give someone you trust a third key share. Your two shares still work on their own."
  >
    {props.wallet.delegation ? <Delegated {...props} /> : <Delegate {...props} />}
  </Card>
)

function Delegate({ session }: WalletProps) {
  const [to, setTo] = useState('')
  const [problem, setProblem] = useState<string>()
  const { stepUp } = useStepUp()
  const changed = useWalletChanged(session)
  const delegating = useMutation({
    mutationFn: () => {
      const delegate = (fetch?: StepUpFetch) =>
        post<WalletView>('/api/wallet/delegate', { to }, fetch)
      // The wallet knows whether this is possible: it says so before the user is asked for anything.
      return delegate().catch(async (error) => {
        if (!needsStepUp(error)) throw error
        const details = delegateDetails(to)
        return completed(await stepUp('wallet.waas.refresh', delegate, { details }))
      })
    },
    onSuccess: (now) => {
      if (!now) return
      changed(now)
      say(`${to.trim()} gets a share when you approve it.`)
    },
  })
  const send = () => {
    const isMissing = to.trim() === ''
    setProblem(isMissing ? 'Enter a name.' : undefined)
    if (!isMissing) delegating.mutate()
  }
  return (
    <Form action="Delegate access" look="plain" isPending={delegating.isPending} onSend={send}>
      <TextField
        label="Delegate’s name"
        hint="The name with which they sign in."
        value={to}
        onValue={setTo}
        error={problem}
        maxLength={40}
      />
      <Failure error={delegating.error} />
    </Form>
  )
}

function Delegated({ wallet: { delegation, wanted }, session }: WalletProps) {
  const changed = useWalletChanged(session)
  const wanting = useMutation({
    mutationFn: (decision: Decision) => post('/api/wallet/delegation', { decision }),
    onSuccess: () => {
      changed()
      say('Scheduled. You’ll confirm at your next sign-in.')
    },
  })
  if (!delegation) return null
  const isPending = delegation.state === 'pending'
  const deciding = (decision: Decision) => wanting.isPending && wanting.variables === decision
  return (
    <>
      <p>
        <strong>{accessText(delegation)}</strong>
      </p>
      {wanted && (
        <Notice tone="warn">
          <p>
            {wanted === 'approve' ? 'Approval' : 'Revocation'} scheduled. You’ll confirm at your
            next sign-in.
          </p>
        </Notice>
      )}
      <div className="row">
        {isPending && (
          <Button
            look="plain"
            isPending={deciding('approve')}
            onClick={() => wanting.mutate('approve')}
          >
            Approve access
          </Button>
        )}
        <Button
          look="danger"
          isPending={deciding('revoke')}
          onClick={() => wanting.mutate('revoke')}
        >
          Revoke access
        </Button>
      </div>
      <Failure error={wanting.error} />
    </>
  )
}
