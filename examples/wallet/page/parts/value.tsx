// Something to be copied: shown in full, with a button that says what it copies.
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

/** A value with its copy button. A secret can be copied while it is masked. */
export const Value = ({ what, text, isMasked = false }: CopyProps & { isMasked?: boolean }) => (
  <div className="value">
    <span className="value-text">{isMasked ? `••••••••••••••••${text.slice(-4)}` : text}</span>
    <CopyButton what={what} text={text} />
  </div>
)
