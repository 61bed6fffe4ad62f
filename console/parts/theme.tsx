// The choice of the theme: as the system, light or dark.
import { Icon } from '../../ui/icon.tsx'
import { THEMES, useTheme } from '../../ui/theme.ts'

const LOOKS = {
  system: { label: 'As the system', icon: 'system' },
  light: { label: 'Light', icon: 'sun' },
  dark: { label: 'Dark', icon: 'moon' },
} as const

export function ThemeSwitch() {
  const [chosen, choose] = useTheme()
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
