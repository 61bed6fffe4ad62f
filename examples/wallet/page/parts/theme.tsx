// One button between light and dark: the header of a phone has no room for more.
import { Button } from '../../../../ui/button.tsx'
import { useTheme } from '../../../../ui/theme.ts'

export function ThemeToggle() {
  const [chosen, choose] = useTheme()
  const isDark =
    chosen === 'system' ? matchMedia('(prefers-color-scheme: dark)').matches : chosen === 'dark'
  return (
    <Button
      look="quiet"
      icon={isDark ? 'sun' : 'moon'}
      aria-label="Dark theme"
      aria-pressed={isDark}
      onClick={() => choose(isDark ? 'light' : 'dark')}
    />
  )
}
