// Light or dark: what the system says, until the operator says otherwise. Their choice is kept.
import { useState } from 'react'
import { Icon } from './icon.tsx'

const KEY = 'countersign.theme'
const THEMES = ['system', 'light', 'dark'] as const
type Theme = (typeof THEMES)[number]

const LOOKS = {
  system: { label: 'As the system', icon: 'system' },
  light: { label: 'Light', icon: 'sun' },
  dark: { label: 'Dark', icon: 'moon' },
} as const

const kept = (): Theme => THEMES.find((theme) => theme === localStorage.getItem(KEY)) ?? 'system'

/** Applies a theme; without one, the choice that was kept. */
export function applyTheme(theme: Theme = kept()): void {
  const { dataset } = document.documentElement
  if (theme === 'system') delete dataset.theme
  else dataset.theme = theme
}

export function ThemeSwitch() {
  const [chosen, setChosen] = useState(kept)
  const choose = (theme: Theme) => {
    localStorage.setItem(KEY, theme)
    applyTheme(theme)
    setChosen(theme)
  }
  return (
    <fieldset className="segments">
      <legend className="hidden-visually">Theme</legend>
      {THEMES.map((theme) => (
        <label key={theme} className="segment" title={LOOKS[theme].label}>
          <input
            type="radio"
            name="theme"
            className="hidden-visually"
            checked={chosen === theme}
            onChange={() => choose(theme)}
          />
          <Icon name={LOOKS[theme].icon} />
          <span className="hidden-visually">{LOOKS[theme].label}</span>
        </label>
      ))}
    </fieldset>
  )
}
