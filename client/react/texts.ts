// Every word that the dialog and its pieces say, in one table: an application replaces what it likes.
import type { CountersignError, CountersignReason } from '../errors.ts'

/** The words. Functions are given what their sentence is about. */
export interface StepUpTexts {
  title: string
  enrollTitle: string
  codesTitle: string
  /** What is about to happen, from the action's words. */
  intro: (what: string) => string
  enrollIntro: (what: string) => string
  /** Before anything is about to happen: at sign-in. */
  onboardingIntro: string
  /** Actions in words that follow "You are about to"; others are called by their name. */
  actions: Record<string, string>
  unknownAction: (action: string) => string
  detailsLabel: string
  /** Names of details in words; others are called by their own name. */
  detailNames: Record<string, string>
  showAll: string
  cancel: string
  close: string
  retry: string
  loading: string
  anotherMethod: string
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
  attemptsLeft: (left: number) => string
  waiting: (seconds: number) => string
  waitOver: string
  nextCode: string
  nextCodeIn: (seconds: number) => string
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
  errors: Partial<Record<CountersignReason, string>> & { other: string }
}

/** The words where an application gives none. */
export const DEFAULT_TEXTS: StepUpTexts = {
  title: 'Confirm it’s you',
  enrollTitle: 'Set up verification',
  codesTitle: 'Save your recovery codes',
  intro: (what) => `You are about to ${what}.`,
  enrollIntro: (what) => `To ${what}, first add a way to confirm that it’s you.`,
  onboardingIntro: 'Before you go on, add a way to confirm that it’s you.',
  actions: {
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
  showAll: 'Show all',
  cancel: 'Cancel',
  close: 'Close',
  retry: 'Try again',
  loading: 'One moment…',
  anotherMethod: 'Use another method',
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
  attemptsLeft: (left) => (left === 1 ? '1 attempt left.' : `${left} attempts left.`),
  waiting: (seconds) => `Too many attempts. Try again in ${clock(seconds)}.`,
  waitOver: 'You can try again now.',
  nextCode: 'The code you just used works once. Wait for the next one in your app.',
  nextCodeIn: (seconds) => `Next code in ${seconds} s`,
  lockedWithPasskey: 'Codes are locked after too many wrong ones. Your passkey still works.',
  nothingUsable: 'None of your verification methods can be used here.',
  nothingToEnroll: 'No verification method can be added here. Ask support.',
  linkFirst: 'This action needs a stronger method. Before adding it, confirm that it’s you.',
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
    cancelled: 'The passkey prompt was closed. Try again, or use another method.',
    not_allowed: 'Passkeys can’t be used on this page. Use another method.',
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
  Omit<StepUpTexts, 'actions' | 'detailNames' | 'methods' | 'enroll' | 'errors'> & {
    actions: StepUpTexts['actions']
    detailNames: StepUpTexts['detailNames']
    methods: Partial<StepUpTexts['methods']>
    enroll: Partial<StepUpTexts['enroll']>
    errors: Partial<StepUpTexts['errors']>
  }
>

/** All words: an application's own over the default ones. */
export const textsWith = (own: StepUpTextsPart = {}): StepUpTexts => ({
  ...DEFAULT_TEXTS,
  ...own,
  actions: { ...DEFAULT_TEXTS.actions, ...own.actions },
  detailNames: { ...DEFAULT_TEXTS.detailNames, ...own.detailNames },
  methods: { ...DEFAULT_TEXTS.methods, ...own.methods },
  enroll: { ...DEFAULT_TEXTS.enroll, ...own.enroll },
  errors: { ...DEFAULT_TEXTS.errors, ...own.errors },
})

/** An action in words. */
export const inWords = ({ actions, unknownAction }: StepUpTexts, action: string): string =>
  Object.hasOwn(actions, action) ? (actions[action] ?? action) : unknownAction(action)

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
  return reason === 'invalid_code' && attemptsLeft !== undefined
    ? `${sentence} ${texts.attemptsLeft(attemptsLeft)}`
    : sentence
}

function clock(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)]
  const rest = String(seconds % 60).padStart(2, '0')
  return hours > 0
    ? `${hours}:${String(minutes).padStart(2, '0')}:${rest}`
    : `${minutes}:${rest} min`
}
