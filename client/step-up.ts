// Verifies the user and stores the tokens of the step-up. Every method ends in `earn`, which notifies the
// listeners and stores no token for a user who has signed out meanwhile.
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

/** The tokens that a step-up asks for. */
export interface TokenRequest {
  /** The scopes of the elevated token. Without scopes, the user is verified and no elevated token is issued. */
  requestedScopes?: readonly TokenScope[] | undefined
  /** Describes what the action will do. The token is valid only for these details. */
  details?: Details | undefined
  /** @deprecated Ask for an elevated token with `requestedScopes` instead. */
  createMfaTokenOptions?: MfaTokenOptions | undefined
  /** @deprecated Ask for an elevated token with `requestedScopes` instead. */
  createMfaToken?: MfaTokenOptions | undefined
}

/** @deprecated The options of a token without a scope. Ask for an elevated token instead. */
export interface MfaTokenOptions {
  singleUse?: boolean
}

/** The proof, and a description of the issued tokens. The tokens themselves are in the store. */
export interface StepUpResult extends Omit<ChallengeVerifyResult, 'elevatedToken' | 'mfaToken'> {
  elevatedToken?: Omit<ElevatedToken, 'token'>
  /** @deprecated See `requestedScopes`. */
  mfaToken?: Omit<MfaToken, 'token'>
}

/**
 * Verifies a code of an authenticator app. After `registerTotpMfaDevice`, a call that requests no token
 * confirms the new device instead. That is not a step-up and issues no token.
 *
 * @param request.code six or eight digits
 * @param request.deviceId the device that shows the code; default: the default device
 * @throws CountersignError `invalid_code`, `code_already_used`, `rate_limited`, `locked`,
 *   `enrollment_required`, `method_not_allowed`, `scope_not_allowed`, `details_required`, `unavailable`
 * @example await authenticateTotpMfaDevice({ code: '123456', requestedScopes: ['wallet:export'] })
 */
export async function authenticateTotpMfaDevice(
  { code, deviceId, ...request }: TokenRequest & { code: string; deviceId?: string },
  instance?: Countersign,
): Promise<StepUpResult | Awaited<ReturnType<typeof confirmTotpMfaDevice>>> {
  const countersign = instanceOf(instance)
  const { pendingDevice } = countersign
  const asksNothing = !request.requestedScopes && !mfaTokenOptionsOf(request)
  if (pendingDevice && asksNothing && (deviceId ?? pendingDevice) === pendingDevice) {
    return confirmTotpMfaDevice({ deviceId: pendingDevice, code }, countersign)
  }
  return earn(countersign, 'totp', request, () =>
    countersign.rpc.challenge.verify.mutate({
      method: 'totp',
      code,
      ...(deviceId && { factorId: deviceId }),
      ...wanted(request),
      ...legacy(request),
    }),
  )
}

/**
 * Verifies a passkey: the browser asks the user.
 *
 * @throws CountersignError the reasons of a ceremony (`cancelled`, `not_allowed`, `no_credential`,
 *   `unsupported`, `timeout`), and `passkey_rejected`, `challenge_expired`, `rate_limited`,
 *   `scope_not_allowed`, `details_required`, `unavailable`
 * @example await authenticatePasskeyMFA({ requestedScopes: [TokenScope.Walletsign], details })
 */
export async function authenticatePasskeyMFA(
  request: TokenRequest = {},
  instance?: Countersign,
): Promise<StepUpResult> {
  const countersign = instanceOf(instance)
  const { start, verify } = countersign.rpc.challenge
  return earn(countersign, 'passkey', request, () =>
    ceremony(
      () => start.mutate({ method: 'passkey', ...wanted(request) }).catch(withoutPasskey),
      usePasskey,
      ({ challenge }, response) =>
        verify.mutate({ method: 'passkey', challenge, response, ...legacy(request) }),
    ),
  )
}

/**
 * Verifies a recovery code, so that the user can enroll a new factor. It never reaches the level `mfa`.
 *
 * @throws CountersignError `invalid_code`, `code_already_used`, `rate_limited`, `locked`, `method_not_allowed`
 * @example await authenticateMfaRecoveryCode({ code, requestedScopes: [TokenScope.Credentiallink] })
 */
export async function authenticateMfaRecoveryCode(
  { code, ...request }: TokenRequest & { code: string },
  instance?: Countersign,
): Promise<StepUpResult> {
  const countersign = instanceOf(instance)
  const { verify } = countersign.rpc.challenge
  return earn(countersign, 'recovery', request, () =>
    verify.mutate({ method: 'recovery', code, ...wanted(request), ...legacy(request) }),
  )
}

/**
 * Exchanges a signed assertion of the application's backend for an elevated token.
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

/** Verifies the user, stores the issued tokens and notifies the listeners. */
async function earn(
  instance: Countersign,
  method: Method,
  { details }: TokenRequest,
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

const wanted = ({ requestedScopes, details }: TokenRequest) => ({
  ...(requestedScopes && { requestedScopes: [...requestedScopes] }),
  ...(details && { details }),
})

const mfaTokenOptionsOf = (request: TokenRequest) =>
  request.createMfaTokenOptions ?? request.createMfaToken

const legacy = (request: TokenRequest) => {
  const mfaToken = mfaTokenOptionsOf(request)
  return mfaToken && { mfaToken: { singleUse: mfaToken.singleUse ?? false } }
}

function withoutPasskey(thrown: unknown): never {
  const error = asCountersignError(thrown)
  throw error.reason === 'enrollment_required'
    ? new CountersignError('no_credential', error.message, { cause: error })
    : error
}
