// Verifying the user, and keeping what that earned. Every way ends in `earn`, so that none forgets to
// notifies listeners, or keeps a token for somebody who has signed out meanwhile.
import type {
  ChallengeVerifyResult,
  Details,
  ElevatedToken,
  Method,
  MfaToken,
} from '../contract/index.ts'
import { confirmTotpMfaDevice } from './devices.ts'
import { asCountersignError, CountersignError } from './errors.ts'
import { type Countersign, instanceOf, unexpected } from './instance.ts'
import type { TokenScope } from './names.ts'
import { ceremony, usePasskey } from './passkey.ts'

/** What a step-up is for. */
export interface StepUpWish {
  /** The scopes of the token to earn; none: the user is verified and nothing else. */
  requestedScopes?: readonly TokenScope[] | undefined
  /** What is about to be done: the token is good for exactly this. */
  details?: Details | undefined
  /** @deprecated Ask for an elevated token with `requestedScopes` instead. */
  createMfaTokenOptions?: LegacyOrder | undefined
  /** @deprecated Ask for an elevated token with `requestedScopes` instead. */
  createMfaToken?: LegacyOrder | undefined
}

/** @deprecated The token without a scope. */
export interface LegacyOrder {
  singleUse?: boolean
}

/** What was proved, and what is known of the tokens that it earned. The tokens are in the store. */
export interface StepUpResult extends Omit<ChallengeVerifyResult, 'elevatedToken' | 'mfaToken'> {
  elevatedToken?: Omit<ElevatedToken, 'token'>
  /** @deprecated See `requestedScopes`. */
  mfaToken?: Omit<MfaToken, 'token'>
}

/**
 * Verifies a code of an authenticator app. Right after `registerTotpMfaDevice`, a code that asks for
 * nothing else confirms that device, which is no step-up and earns no token.
 *
 * @param wish.code six or eight digits
 * @param wish.deviceId which device; the default one where it is left out
 * @throws CountersignError `invalid_code`, `code_already_used`, `rate_limited`, `locked`,
 *   `enrollment_required`, `method_not_allowed`, `scope_not_allowed`, `details_required`, `unavailable`
 * @example await authenticateTotpMfaDevice({ code: '123456', requestedScopes: ['wallet:export'] })
 */
export async function authenticateTotpMfaDevice(
  { code, deviceId, ...wish }: StepUpWish & { code: string; deviceId?: string },
  instance?: Countersign,
): Promise<StepUpResult | Awaited<ReturnType<typeof confirmTotpMfaDevice>>> {
  const countersign = instanceOf(instance)
  const { pendingDevice } = countersign
  const asksNothing = !wish.requestedScopes && !orderOf(wish)
  if (pendingDevice && asksNothing && (deviceId ?? pendingDevice) === pendingDevice) {
    return confirmTotpMfaDevice({ deviceId: pendingDevice, code }, countersign)
  }
  return earn(countersign, 'totp', wish, () =>
    countersign.rpc.challenge.verify.mutate({
      method: 'totp',
      code,
      ...(deviceId && { factorId: deviceId }),
      ...wanted(wish),
      ...legacy(wish),
    }),
  )
}

/**
 * Verifies a passkey: the browser asks the user.
 *
 * @throws CountersignError those of the ceremony (`cancelled`, `not_allowed`, `no_credential`,
 *   `unsupported`, `timeout`), and `passkey_rejected`, `challenge_expired`, `rate_limited`,
 *   `scope_not_allowed`, `details_required`, `unavailable`
 * @example await authenticatePasskeyMFA({ requestedScopes: [TokenScope.Walletsign], details })
 */
export async function authenticatePasskeyMFA(
  wish: StepUpWish = {},
  instance?: Countersign,
): Promise<StepUpResult> {
  const countersign = instanceOf(instance)
  const { start, verify } = countersign.rpc.challenge
  return earn(countersign, 'passkey', wish, () =>
    ceremony(
      () => start.mutate({ method: 'passkey', ...wanted(wish) }).catch(withoutPasskey),
      usePasskey,
      ({ challenge }, response) =>
        verify.mutate({ method: 'passkey', challenge, response, ...legacy(wish) }),
    ),
  )
}

/**
 * Verifies a recovery code. It never reaches `mfa`: it is for getting back to a factor.
 *
 * @throws CountersignError `invalid_code`, `code_already_used`, `rate_limited`, `locked`, `method_not_allowed`
 * @example await authenticateMfaRecoveryCode({ code, requestedScopes: [TokenScope.Credentiallink] })
 */
export async function authenticateMfaRecoveryCode(
  { code, ...wish }: StepUpWish & { code: string },
  instance?: Countersign,
): Promise<StepUpResult> {
  const countersign = instanceOf(instance)
  const { verify } = countersign.rpc.challenge
  return earn(countersign, 'recovery', wish, () =>
    verify.mutate({ method: 'recovery', code, ...wanted(wish), ...legacy(wish) }),
  )
}

/**
 * Exchanges the application backend's word, a signed assertion, for an elevated token.
 *
 * @throws CountersignError `assertion_invalid`, `scope_not_allowed`, `method_not_allowed`
 * @example await requestExternalAuthElevatedToken({ externalJwt: await backend.vouch() })
 */
export async function requestExternalAuthElevatedToken(
  { externalJwt }: { externalJwt: string },
  instance?: Countersign,
): Promise<Omit<ElevatedToken, 'token'>> {
  const countersign = instanceOf(instance)
  const { elevatedToken } = await earn(countersign, 'assertion', {}, async () => {
    const exchanged = await countersign.rpc.token.exchange.mutate({ assertion: externalJwt })
    const { acr, issuedAt } = exchanged.elevatedToken
    return { amr: [], acr, authTime: issuedAt, ...exchanged }
  })
  if (!elevatedToken) throw unexpected()
  return elevatedToken
}

/** Verifies the user, keeps the tokens for the caller, and notifies subscribers. */
async function earn(
  instance: Countersign,
  method: Method,
  { details }: StepUpWish,
  verify: () => Promise<ChallengeVerifyResult>,
): Promise<StepUpResult> {
  try {
    const asking = await instance.session()
    const askedAt = Date.now()
    const { elevatedToken, mfaToken, ...proof } = await verify()
    const subject = asking?.subject ?? ''
    if ((await instance.session())?.subject !== asking?.subject) {
      throw new CountersignError('unauthenticated', 'Another user is signed in now.')
    }
    const issuedAt = elevatedToken?.issuedAt ?? proof.authTime
    if (elevatedToken) instance.tokens.put(elevatedToken, { subject, details, askedAt, issuedAt })
    if (mfaToken) instance.tokens.put(mfaToken, { subject, askedAt, issuedAt })
    instance.emit('mfaCompleted', { ...proof, method, scopes: elevatedToken?.scopes ?? [] })
    return {
      ...proof,
      ...(elevatedToken && { elevatedToken: described(elevatedToken) }),
      ...(mfaToken && { mfaToken: described(mfaToken) }),
    }
  } catch (thrown) {
    const error = asCountersignError(thrown, details)
    instance.emit('mfaFailed', { method, error })
    throw error
  }
}

function described<T extends { token: string }>({ token: _, ...rest }: T): Omit<T, 'token'> {
  return rest
}

const wanted = ({ requestedScopes, details }: StepUpWish) => ({
  ...(requestedScopes && { requestedScopes: [...requestedScopes] }),
  ...(details && { details }),
})

const orderOf = (wish: StepUpWish) => wish.createMfaTokenOptions ?? wish.createMfaToken

const legacy = (wish: StepUpWish) => {
  const order = orderOf(wish)
  return order && { mfaToken: { singleUse: order.singleUse ?? false } }
}

function withoutPasskey(thrown: unknown): never {
  const error = asCountersignError(thrown)
  throw error.reason === 'enrollment_required'
    ? new CountersignError('no_credential', error.message, { cause: error })
    : error
}
