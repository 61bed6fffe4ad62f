// What a receipt proves, in words.
import type { ReceiptVerdict } from 'countersign/receipt'
import type { ReactNode } from 'react'
import { Notice } from '../../ui/notice.tsx'

interface ProofProps {
  verdict: ReceiptVerdict
  children?: ReactNode
}

export const Proof = ({ verdict, children }: ProofProps) =>
  verdict.valid ? (
    <Notice tone="good" title="The receipt proves">
      {verdict.says.map((sentence) => (
        <p key={sentence}>{sentence}</p>
      ))}
      {children}
    </Notice>
  ) : (
    <Notice tone="bad" title="The receipt proves nothing">
      <p>{verdict.message}</p>
      {children}
    </Notice>
  )
