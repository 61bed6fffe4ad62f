// Something to be copied: shown in full, with a button that says what it copies.
import { useState } from 'react'
import { Button } from '../../../../ui/button.tsx'
import { say } from '../../../../ui/toasts.tsx'

interface CopyProps {
  /** What it is, as in "Copy address". */
  what: string
  text: string
}

/** Copies a text, and says so; where the browser does not let it, that too. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text)
    say(`Copied: ${what}.`)
  } catch {
    say(`Your browser did not let this page copy. Select the ${what} and copy it yourself.`)
  }
}

export const CopyButton = ({ what, text }: CopyProps) => (
  <Button
    look="quiet"
    icon="copy"
    aria-label={`Copy ${what}`}
    onClick={() => void copy(text, what)}
  />
)

/** A value with its copy button. */
export const Value = ({ what, text }: CopyProps) => (
  <div className="value">
    <span className="value-text">{text}</span>
    <CopyButton what={what} text={text} />
  </div>
)

/** A secret with its copy button: masked until the user wants to see it. */
export function SecretValue({ what, text }: CopyProps) {
  const [isShown, setShown] = useState(false)
  return (
    <div className="stack">
      <div className="value">
        <span className="value-text">{isShown ? text : `••••••••••••••••${text.slice(-4)}`}</span>
        <CopyButton what={what} text={text} />
      </div>
      <div className="row">
        <Button look="plain" small aria-pressed={isShown} onClick={() => setShown(!isShown)}>
          Show {what}
        </Button>
      </div>
    </div>
  )
}
