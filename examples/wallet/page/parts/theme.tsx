// Light or dark: what the system says, until the user says otherwise. Their choice is kept.
import { useState } from 'react'
import { Button } from './button.tsx'
import { Icon } from './icon.tsx'

const KEY = 'wallet.theme'
const root = () => document.documentElement

const isDarkNow = (): boolean =>
  root().dataset.theme
    ? root().dataset.theme === 'dark'
    : matchMedia('(prefers-color-scheme: dark)').matches

/** Applies the kept choice, before anything is shown. */
export function applyTheme(): void {
  const kept = localStorage.getItem(KEY)
  if (kept === 'light' || kept === 'dark') root().dataset.theme = kept
}

export function ThemeToggle() {
  const [isDark, setDark] = useState(isDarkNow)
  const toggle = () => {
    const theme = isDark ? 'light' : 'dark'
    root().dataset.theme = theme
    localStorage.setItem(KEY, theme)
    setDark(!isDark)
  }
  return (
    <Button look="icon" aria-label="Dark theme" aria-pressed={isDark} onClick={toggle}>
      <Icon name={isDark ? 'sun' : 'moon'} />
    </Button>
  )
}
