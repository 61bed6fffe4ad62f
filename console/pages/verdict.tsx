// What a rule that was tried out decided, and how it came about.
import type { PolicySimulateResult } from 'countersign/contract'
import { Badge } from '../../ui/facts.tsx'
import { Notice } from '../../ui/notice.tsx'
import { anyOf, METHOD_PHRASES, sentence } from '../words.ts'

const VERDICTS = {
  permit: ['Let through', 'good'],
  step_up: ['Step-up', 'accent'],
  enroll: ['Must enroll first', 'warn'],
  deny: ['Refused', 'bad'],
} as const

export function Verdict({
  result: { decision, wouldAsk, trace },
}: {
  result: PolicySimulateResult
}) {
  const [name, tone] = VERDICTS[decision.decision]
  const methods = anyOf(decision.methods.map((method) => METHOD_PHRASES[method]))
  return (
    <div className="stack">
      <p className="verdict">
        <Badge tone={tone}>{name}</Badge>
        {decision.required && methods && (
          <span>{decision.decision === 'enroll' ? `then ${methods}` : `by ${methods}`}</span>
        )}
      </p>
      {wouldAsk && (
        <Notice tone="warn">
          <p>
            This rule only monitors. If enforced, it would decide:{' '}
            <strong>{VERDICTS[wouldAsk.decision][0].toLowerCase()}</strong>.
          </p>
        </Notice>
      )}
      <section className="stack-close" aria-label="How it came about">
        <h3>How it came about</h3>
        <ol className="trace">
          {trace.map((step) => (
            <li key={step}>
              <span>{sentence(step)}</span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  )
}
