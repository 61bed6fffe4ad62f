// A page with the dialog alone, over the stand-in for the service. Tests in a real browser open it, with what
// it is to show in the hash of its address.
import { createRoot } from 'react-dom/client'
import '../../client/react/dialog.css'
import { ar } from '../../client/react/texts/ar.ts'
import { de } from '../../client/react/texts/de.ts'
import { es } from '../../client/react/texts/es.ts'
import { fr } from '../../client/react/texts/fr.ts'
import { ja } from '../../client/react/texts/ja.ts'
import { DEFAULT_TEXTS, Onboarding, type StepUpLook } from '../../client/react.ts'
import { Export } from './export.tsx'
import { factor, refuse, startService } from './service.ts'

/** What the page shows. */
export interface Shown {
  lang?: 'en' | 'ar' | 'de' | 'es' | 'fr' | 'ja'
  /** The kinds of the user's factors; without any the user is to enroll. */
  factors?: ('totp' | 'passkey')[]
  details?: Record<string, unknown>
  detailNames?: Record<string, string | null>
  help?: StepUpLook['help']
  /** What an operator calls the action. */
  words?: { title?: string; sentence?: string; display?: object }
  /** The onboarding in place of the dialog. */
  onboarding?: boolean
}

const TEXTS = { en: DEFAULT_TEXTS, ar, de, es, fr, ja }
const shown: Shown = JSON.parse(decodeURIComponent(location.hash.slice(1)))
const { lang = 'en', factors = ['totp'], details, detailNames, help, words, onboarding } = shown

const service = startService()
service.factors = factors.map((kind, index) =>
  factor(kind, { name: `${kind} ${index + 1}`, isDefault: index === 0 }),
)
service.codeAnswers = {
  '000000': () => refuse('invalid_code', { attemptsLeft: 0, retryAfterSeconds: 30 }),
  '444444': () => refuse('invalid_code', { attemptsLeft: 0, retryAfterSeconds: 900 }),
  '111111': () => refuse('locked'),
  '222222': () => new Promise(() => {}),
}
const ENROLLABLE = ['totp', 'passkey']
service.on['policy.check'] = ({ action }) => {
  const isLink = action === 'credential.link'
  const own = factors.length > 0 ? [...new Set(factors)] : ENROLLABLE
  return {
    decision: factors.length > 0 ? 'step_up' : 'enroll',
    ...{ required: true, reason: 'always', action, acr: 'mfa', singleUse: true },
    ...{ lifetimeSeconds: 300, freshnessSeconds: 300, details: 'optional' },
    ...words,
    scope: isLink ? 'credential:link' : 'wallet:export',
    methods: isLink ? [...own, 'recovery'] : own,
  }
}

const root = createRoot(document.body.appendChild(document.createElement('main')))

/** Shows the page in a language. Called again, it keeps the state of the dialog. */
function speak(language: keyof typeof TEXTS): void {
  const texts = { ...TEXTS[language], ...(detailNames && { detailNames }) }
  root.render(
    <>
      <h1>Wallet</h1>
      {onboarding ? (
        <Onboarding instance={service.instance} texts={texts} onDone={() => {}} />
      ) : (
        <Export
          look={{ texts, ...(help && { help }) }}
          onOutcome={() => {}}
          {...(details && { details })}
        />
      )}
    </>,
  )
}
speak(lang)
Object.assign(globalThis, { speak })
