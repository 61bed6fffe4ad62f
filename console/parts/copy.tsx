// Text to take along: copied by a button, in a line, in a block, or as a secret that is shown once.
import { type ReactNode, useState } from 'react'
import { Button } from './button.tsx'
import { Notice } from './notice.tsx'

interface CopyButtonProps {
  text: string
  /** What is copied, for those who do not see what is beside the button. */
  what: string
  small?: boolean
}

export function CopyButton({ text, what, small = true }: CopyButtonProps) {
  const [outcome, setOutcome] = useState<'copied' | 'failed'>()
  const copy = () =>
    navigator.clipboard.writeText(text).then(
      () => setOutcome('copied'),
      () => setOutcome('failed'),
    )
  return (
    <>
      <Button
        look="plain"
        small={small}
        icon={outcome === 'copied' ? 'check' : 'copy'}
        onClick={() => void copy()}
      >
        {outcome === 'copied' ? 'Copied' : outcome === 'failed' ? 'Select it instead' : 'Copy'}
        <span className="hidden-visually"> {what}</span>
      </Button>
      <span className="hidden-visually" role="status">
        {outcome === 'copied' && `${what} copied`}
      </span>
    </>
  )
}

/** Lines to paste somewhere. */
export const Code = ({ text, title }: { text: string; title: string }) => (
  <figure className="code">
    <figcaption>
      <span>{title}</span>
      <CopyButton text={text} what={title} />
    </figcaption>
    {/* biome-ignore lint/a11y/noNoninteractiveTabindex: long lines are scrolled by keyboard */}
    <pre tabIndex={0}>
      <code>{text}</code>
    </pre>
  </figure>
)

interface SecretProps {
  secret: string
  what: string
  children?: ReactNode
}

/** A secret that is shown here and nowhere else. */
export const Secret = ({ secret, what, children }: SecretProps) => (
  <div className="stack">
    <Notice tone="warn" title="Copy it now">
      <p>It is shown this once. Whoever has it can act with it, so put it where secrets live.</p>
    </Notice>
    <div className="secret">
      <code>{secret}</code>
      <CopyButton text={secret} what={what} />
    </div>
    {children}
  </div>
)
