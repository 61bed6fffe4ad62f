// Text to take along: copied by a button, in a line, in a block, or as a secret that is shown once.
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { keepFocus } from '../../ui/focus.ts'
import { Notice } from '../../ui/notice.tsx'

interface CopyButtonProps {
  text: string
  /** What is copied, for those who do not see what is beside the button. */
  what: string
  small?: boolean
}

export function CopyButton({ text, what, small = true }: CopyButtonProps) {
  const [tried, setTried] = useState<{ text: string; outcome: 'copied' | 'failed' }>()
  // Another text was not copied yet.
  const outcome = tried?.text === text ? tried.outcome : undefined
  const copy = async () => {
    try {
      // Without TLS there is no clipboard at all.
      await navigator.clipboard.writeText(text)
      setTried({ text, outcome: 'copied' })
    } catch {
      setTried({ text, outcome: 'failed' })
    }
  }
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

/** A secret that is shown here and nowhere else. It takes the place, and the focus, of what made it. */
export function Secret({ secret, what, children }: SecretProps) {
  const group = useRef<HTMLElement>(null)
  useEffect(() => {
    group.current?.focus()
    return keepFocus
  }, [])
  return (
    <section className="stack" ref={group} tabIndex={-1} aria-label={what}>
      <Notice tone="warn" title="Copy it now">
        <p>
          It is shown only once. Anyone who has it can use it, so store it with your other secrets.
        </p>
      </Notice>
      <div className="secret">
        <code>{secret}</code>
        <CopyButton text={secret} what={what} />
      </div>
      {children}
    </section>
  )
}
