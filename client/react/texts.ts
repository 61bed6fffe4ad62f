// Every text of the dialog and its pieces, in one table. An application replaces any of them; texts/ has
// whole tables in other languages.
import type { BuiltInAction, PolicyDecision } from '../../contract/index.ts'
import type { CountersignError, CountersignReason } from '../errors.ts'

/** The reasons that have a sentence of their own in every language. */
type WordedReason =
  | 'invalid_code'
  | 'code_already_used'
  | 'locked'
  | 'rate_limited'
  | 'cancelled'
  | 'not_allowed'
  | 'no_credential'
  | 'unsupported'
  | 'timeout'
  | 'passkey_rejected'
  | 'challenge_expired'
  | 'challenge_used'
  | 'conflict'
  | 'factor_limit_reached'
  | 'method_not_allowed'
  | 'enrollment_required'
  | 'session_not_fresh'
  | 'unauthenticated'
  | 'denied'
  | 'unavailable'

/** The texts. Functions are given what their sentence is about. */
export interface StepUpTexts {
  /** The language of the texts, as BCP 47 names it, and its direction. */
  lang: string
  dir: 'ltr' | 'rtl'
  title: string
  enrollTitle: string
  codesTitle: string
  /** What is about to happen, from the action's words. */
  intro: (what: string) => string
  enrollIntro: (what: string) => string
  /** Before anything is about to happen: at sign-in. */
  onboardingIntro: string
  /** The application's actions, in words that follow "You are about to". They win over every other. */
  actions: Record<string, string>
  /** The built-in actions in such words, where neither `actions` nor the operator has any. */
  builtInActions: Record<BuiltInAction, string>
  /** An action without such words, from its title or its name. */
  unknownAction: (action: string) => string
  detailsLabel: string
  /**
   * Names of details in words; others are called by their own name. A detail whose name is null is
   * technical: it is shown below the others, folded.
   */
  detailNames: Record<string, string | null>
  technical: string
  /** The exact values behind amounts, dates and the like. */
  exactValues: string
  /** The name of a hash that is shown below what it was made from. */
  hashOf: (what: string) => string
  /** Warns about a hash that is shown alone. */
  hashAlone: string
  cancel: string
  close: string
  retry: string
  loading: string
  back: string
  anotherMethod: string
  /** The way out for a user who cannot use what they are asked for, and the panel that it opens. */
  cannotUse: string
  cannotUseTitle: string
  cannotUseIntro: string
  recoverFactor: string
  recoverFactorHint: (codesLeft: number) => string
  recoverIntro: string
  /** Whom to ask, where the application gives no `help`. */
  askSupport: string
  methods: { passkey: string; totp: string; recovery: string }
  passkeyHint: string
  usePasskey: string
  passkeyPending: string
  codeLabel: string
  codeHint: string
  codeIncomplete: string
  deviceLabel: string
  unnamedDevice: (number: number) => string
  recoveryLabel: string
  recoveryHint: string
  verify: string
  verifying: string
  /** Announced to screen readers when the dialog closes. */
  verified: string
  attemptsLeft: (left: number) => string
  /** A duration, as `waiting` and `nextCodeIn` are given it. */
  duration: (seconds: number) => string
  waiting: (seconds: number, duration: string) => string
  waitOver: string
  nextCode: string
  nextCodeIn: (seconds: number, duration: string) => string
  lockedWithPasskey: string
  nothingUsable: string
  nothingToEnroll: string
  linkFirst: string
  offline: string
  enroll: { passkey: string; passkeyHint: string; totp: string; totpHint: string }
  scanHint: string
  qrLabel: string
  secretLabel: string
  openApp: string
  copy: string
  copied: string
  copyFailed: string
  enrollCodeLabel: string
  confirm: string
  createPasskey: string
  codesIntro: string
  codesHint: string
  codesLabel: string
  download: string
  codesFile: string
  codesSaved: string
  /** What went wrong, by its reason. */
  errors: Record<WordedReason | 'other', string> & Partial<Record<CountersignReason, string>>
}

/** The words where an application gives none. */
export const DEFAULT_TEXTS: StepUpTexts = {
  lang: 'en',
  dir: 'ltr',
  title: 'Confirm it’s you',
  enrollTitle: 'Set up verification',
  codesTitle: 'Save your recovery codes',
  intro: (what) => `You are about to ${what}.`,
  enrollIntro: (what) => `To ${what}, first add a way to confirm that it’s you.`,
  onboardingIntro: 'Before you go on, add a way to confirm that it’s you.',
  actions: {},
  builtInActions: {
    'wallet.waas.sign': 'sign with your wallet',
    'wallet.waas.export': 'export your wallet’s private key',
    'wallet.waas.refresh': 'refresh your wallet’s key shares',
    'wallet.waas.reshare': 'reshare your wallet’s key',
    'user.update': 'change your profile',
    'credential.link': 'add a verification method',
    'credential.update': 'change your verification methods',
    'credential.unlink': 'remove a verification method',
  },
  unknownAction: (action) => `do “${action}”`,
  detailsLabel: 'Details',
  detailNames: {},
  technical: 'Technical details',
  exactValues: 'Exact values',
  hashOf: (what) => `Hash of “${what}”`,
  hashAlone: 'Only a hash is shown here, not what it was made from.',
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  loading: 'One moment…',
  back: 'Back',
  anotherMethod: 'Use another method',
  cannotUse: 'I can’t use this',
  cannotUseTitle: 'Other ways to confirm',
  cannotUseIntro: 'Lost your device, or it doesn’t work? Here is what you can do.',
  recoverFactor: 'Use a recovery code to add a new factor',
  recoverFactorHint: (left) => (left === 1 ? '1 code left' : `${left} codes left`),
  recoverIntro: 'Enter a recovery code. You then add a new way to confirm that it’s you.',
  askSupport: 'Need help? Ask the support of this application.',
  methods: { passkey: 'Passkey', totp: 'Authenticator app', recovery: 'Recovery code' },
  passkeyHint: 'Use your fingerprint, face, screen lock or security key.',
  usePasskey: 'Continue with passkey',
  passkeyPending: 'Waiting for your passkey…',
  codeLabel: 'Authentication code',
  codeHint: 'Open your authenticator app and enter the code it shows.',
  codeIncomplete: 'Enter all digits of the code.',
  deviceLabel: 'Authenticator app',
  unnamedDevice: (number) => `Authenticator app ${number}`,
  recoveryLabel: 'Recovery code',
  recoveryHint: 'Enter one of the codes you saved. Each works once.',
  verify: 'Verify',
  verifying: 'Verifying…',
  verified: 'Verified.',
  attemptsLeft: (left) => (left === 1 ? '1 attempt left.' : `${left} attempts left.`),
  duration: (seconds) => clock(seconds, 's', 'min'),
  waiting: (_, duration) => `Too many attempts. Try again in ${duration}.`,
  waitOver: 'You can try again now.',
  nextCode: 'The code you just used works once. Wait for the next one in your app.',
  nextCodeIn: (_, duration) => `Next code in ${duration}`,
  lockedWithPasskey: 'Codes are locked after too many wrong ones. Your passkey still works.',
  nothingUsable: 'None of your verification methods can be used here.',
  nothingToEnroll: 'No verification method can be added here.',
  linkFirst: 'This action needs a new method. Before you add it, confirm that it’s you.',
  offline: 'The verification service can’t be reached. Check your connection and try again.',
  enroll: {
    passkey: 'Passkey',
    passkeyHint: 'Fingerprint, face, screen lock or security key',
    totp: 'Authenticator app',
    totpHint: 'A code from an app on your phone',
  },
  scanHint: 'Scan this with your authenticator app, then enter the code it shows.',
  qrLabel: 'QR code that adds this account to an authenticator app',
  secretLabel: 'Or enter this key by hand',
  openApp: 'Open in an app on this device',
  copy: 'Copy',
  copied: 'Copied',
  copyFailed: 'Copying is not possible here. Select the text instead.',
  enrollCodeLabel: 'Code from the app',
  confirm: 'Continue',
  createPasskey: 'Create passkey',
  codesIntro: 'Do this before you go on.',
  codesHint:
    'They get you back in if you lose your device. Each works once, and they are shown only now.',
  codesLabel: 'Recovery codes',
  download: 'Download',
  codesFile: 'recovery-codes.txt',
  codesSaved: 'I have saved them',
  errors: {
    invalid_code: 'That code is not right.',
    code_already_used: 'That code was used already. Wait for the next one.',
    locked: 'Codes are locked after too many wrong ones. Ask support to unlock them.',
    rate_limited: 'Too many attempts. Wait a moment, then try again.',
    cancelled: 'The passkey prompt was closed. Try again.',
    not_allowed: 'Passkeys can’t be used on this page.',
    no_credential: 'No passkey of yours was found on this device.',
    unsupported: 'This browser or device doesn’t support passkeys.',
    timeout: 'The passkey prompt timed out. Try again.',
    passkey_rejected: 'That passkey could not be verified. Try again.',
    challenge_expired: 'That took too long. Try again.',
    challenge_used: 'That was answered already. Try again.',
    conflict: 'This device already holds a passkey for you.',
    factor_limit_reached: 'You have as many of these as possible. Remove one first.',
    method_not_allowed: 'This method can’t be used here.',
    enrollment_required: 'You have no such method yet.',
    session_not_fresh: 'You signed in a while ago. Sign in again to continue.',
    unauthenticated: 'You are signed out. Sign in again, then retry.',
    denied: 'This action is not allowed.',
    unavailable: 'The verification service can’t be reached. Try again.',
    other: 'Something went wrong. Try again.',
  },
}

/** What an application replaces: any of the words. */
export type StepUpTextsPart = Partial<
  Omit<StepUpTexts, 'builtInActions' | 'methods' | 'enroll' | 'errors'> & {
    builtInActions: Partial<StepUpTexts['builtInActions']>
    methods: Partial<StepUpTexts['methods']>
    enroll: Partial<StepUpTexts['enroll']>
    errors: Partial<StepUpTexts['errors']>
  }
>

/** All words: an application's own over the default ones. */
export const textsWith = (own: StepUpTextsPart = {}): StepUpTexts => ({
  ...DEFAULT_TEXTS,
  ...own,
  builtInActions: { ...DEFAULT_TEXTS.builtInActions, ...own.builtInActions },
  methods: { ...DEFAULT_TEXTS.methods, ...own.methods },
  enroll: { ...DEFAULT_TEXTS.enroll, ...own.enroll },
  errors: { ...DEFAULT_TEXTS.errors, ...own.errors },
})

/** The attributes of an element that shows these texts. */
export const spoken = ({ lang, dir }: StepUpTexts) => ({ lang, dir })

/** An action as the dialog calls it, and whether that is in words: else it is the action's name. */
export interface ActionInWords {
  what: string
  isInWords: boolean
}

/** Returns an action in words: the application's, the operator's, the built-in ones, or its name. */
export function actionInWords(
  { actions, builtInActions, unknownAction }: StepUpTexts,
  action: string,
  { title, sentence }: Pick<PolicyDecision, 'title' | 'sentence'> = {},
): ActionInWords {
  const words = textAt(actions, action) ?? sentence ?? textAt(builtInActions, action)
  return words
    ? { what: words, isInWords: true }
    : { what: unknownAction(title ?? action), isInWords: title !== undefined }
}

/** Returns a text by a key that may be any string. */
export const textAt = <T>(texts: Record<string, T>, key: string): T | undefined =>
  Object.hasOwn(texts, key) ? texts[key] : undefined

const written = new WeakSet<CountersignError>()

/**
 * Returns an error in words, with how many attempts are left where that is known. An error that has no words
 * of its own is also written to the console for the developer, once however often it is rendered.
 */
export function errorInWords(texts: StepUpTexts, error: CountersignError): string {
  const { reason, attemptsLeft } = error
  const known = texts.errors[reason]
  if (!known && !written.has(error)) {
    written.add(error)
    console.error(`Countersign: the dialog shows an error without words for it, ${reason}:`, error)
  }
  const sentence = known ?? texts.errors.other
  // Without an attempt left there is a wait, which says so itself.
  return reason === 'invalid_code' && attemptsLeft
    ? `${sentence} ${texts.attemptsLeft(attemptsLeft)}`
    : sentence
}

/** Returns a duration as digits with a unit: `45 s`, `1:05 min`, `1:00:05`. */
export function clock(seconds: number, second: string, minute: string): string {
  if (seconds < 60) return `${seconds} ${second}`
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const rest = String(seconds % 60).padStart(2, '0')
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}`
    : `${minutes}:${rest} ${minute}`
}
