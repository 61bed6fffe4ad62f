// Messages for every failure, by its reason: each tells the user what to do next. The wallet's messages
// about its own state are written for users already, and are shown as they are.
import type { Words } from '../../../ui/notice.tsx'

const WAIT = 'Too many attempts'

const WORDS: Record<string, [title: string, text: string, canRetry?: boolean]> = {
  unreachable: [
    'The wallet cannot be reached',
    'Nothing was changed that we know of. Check your connection and try again.',
    true,
  ],
  unavailable: [
    'Countersign cannot be reached',
    'Without it nothing sensitive can be done. Your wallet is safe; try again in a moment.',
    true,
  ],
  timeout: ['Nobody answered', 'The passkey prompt timed out. Nothing was done.', true],
  not_allowed: [
    'Passkeys are not allowed here',
    'Your browser does not let this page use passkeys. Use an authenticator app instead.',
  ],
  no_credential: [
    'No matching passkey',
    'This device holds none of your passkeys. Use another device or another method.',
  ],
  unsupported: [
    'Passkeys are not supported here',
    'This browser cannot use passkeys. Use an authenticator app instead.',
  ],
  invalid_code: ['Wrong code', 'Enter the code that your authenticator app shows now.', true],
  code_already_used: ['Code already used', 'Wait for the next code and enter that one.', true],
  passkey_rejected: ['Passkey not accepted', 'It could not be verified. Try again.', true],
  challenge_expired: ['That took too long', 'The request expired. Start again.', true],
  challenge_used: ['Answered already', 'This request was answered before. Start again.', true],
  rate_limited: [WAIT, 'Wait a little before you try again.', true],
  locked: [
    'Codes are locked',
    'There were too many wrong codes. Use a passkey, or ask support to unlock them.',
  ],
  denied: ['Not allowed', 'The rules of this wallet do not allow this action.'],
  forbidden: ['Not allowed', 'You may not do this.'],
  enrollment_required: [
    'Set up a second factor first',
    'Add an authenticator app or a passkey under Security, then try again.',
  ],
  step_up_required: ['Confirm that it is you', 'This needs a fresh confirmation. Try again.', true],
  details_mismatch: [
    'The request has changed',
    'What you confirmed is not what was about to be done, so nothing was done. Try again.',
    true,
  ],
  method_not_allowed: ['Another method is needed', 'This action asks for a stronger method.'],
  scope_not_allowed: ['Not allowed', 'This permission cannot be granted here.'],
  session_not_fresh: ['Sign in again', 'You signed in a while ago. Sign in again to continue.'],
  unauthenticated: ['Your session is over', 'Sign in again to go on.'],
  origin_not_allowed: ['Not allowed from here', 'Countersign does not know this address.'],
  conflict: ['This is not possible', 'Something changed meanwhile. Look again, then retry.'],
  factor_limit_reached: ['No more of this kind', 'Remove one first, then add the new one.'],
  factor_not_found: ['It is gone', 'This factor was removed already.'],
  token_used: ['Used already', 'This confirmation was used already. Try again.', true],
  token_expired: ['Expired', 'Your confirmation expired. Try again.', true],
  token_revoked: ['Ended', 'Your confirmation was ended. Try again.', true],
  token_invalid: ['Not accepted', 'Your confirmation was not accepted. Try again.', true],
  input_invalid: ['Check what you entered', 'Something in it cannot be used.'],
  too_large: ['Too long', 'What you entered is too long.'],
}

const OTHER: Words = {
  title: 'Something went wrong',
  text: 'It was not done. Try again.',
  canRetry: true,
}

/** Reasons whose sentence from the wallet says more than any table could. */
const TOLD_BY_WALLET = new Set(['conflict', 'input_invalid', 'not_found'])

/** Returns an error in words; undefined where the user cancelled. */
export function wordsOf(error: unknown): Words | undefined {
  if (!(error instanceof Error) || !('reason' in error)) return OTHER
  const { name, message, reason, retryAfterSeconds } = error as Failure
  if (reason === 'cancelled') return undefined
  const nobody = reason === 'unreachable' || (reason === 'unavailable' && name !== 'WalletError')
  if (nobody && !navigator.onLine) {
    return {
      title: 'You are offline',
      text: 'Connect to the internet and try again.',
      canRetry: true,
    }
  }
  const [title, text, canRetry = false] = WORDS[reason] ?? [OTHER.title, OTHER.text, true]
  if (name === 'WalletError' && reason === 'unavailable')
    return { title: 'Not possible right now', text: sentence(message), canRetry: true }
  if (name === 'WalletError' && TOLD_BY_WALLET.has(reason))
    return { title, text: sentence(message), canRetry }
  if (retryAfterSeconds)
    return { title, text: `Try again ${inSeconds(retryAfterSeconds)}.`, canRetry }
  return { title, text, canRetry }
}

interface Failure extends Error {
  reason: string
  retryAfterSeconds?: number
}

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1)

function inSeconds(seconds: number): string {
  if (seconds < 90) return `in ${Math.ceil(seconds)} seconds`
  if (seconds < 5400) return `in ${Math.ceil(seconds / 60)} minutes`
  return `in ${Math.ceil(seconds / 3600)} hours`
}
