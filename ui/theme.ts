// Light or dark: as the system says, until the user chooses. The browser keeps their choice.
import { useState } from 'react'

const KEY = 'countersign.theme'
export const THEMES = ['system', 'light', 'dark'] as const
export type Theme = (typeof THEMES)[number]

const kept = (): Theme => THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system'

/** Applies a theme; without one, the user's earlier choice. */
export function applyTheme(theme: Theme = kept()): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
}

/** Returns the chosen theme, and a function that changes it. */
export function useTheme(): [Theme, (theme: Theme) => void] {
  const [chosen, setChosen] = useState(kept)
  const choose = (theme: Theme) => {
    localStorage.setItem(KEY, theme)
    applyTheme(theme)
    setChosen(theme)
  }
  return [chosen, choose]
}
