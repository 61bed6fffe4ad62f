// Enrolls factors. An enrollment is not a step-up: no function here issues a token.
import type {
  FactorConfirmResult,
  FactorKind,
  RegistrationResponse,
} from '../../../contract/index.ts'
import { epochSeconds, random } from '../../clock.ts'
import {
  type PasskeyCredential,
  PasskeyFailure,
  type RelyingParty,
} from '../../domain/factors/passkey.ts'
import { verifyRegistration } from '../../domain/factors/passkey-verification.ts'
import type { SingleUseKey } from '../../domain/factors/proof.ts'
import {
  hashRecoveryCode,
  newRecoveryCodes,
  normalizeRecoveryCode,
  RECOVERY_FACTOR_ID,
} from '../../domain/factors/recovery.ts'
import { totpKey } from '../../domain/factors/totp.ts'
import { type Answer, type Refusal, refuse } from '../../domain/refusal.ts'
import { challengeKey, type Statement, webauthnChallengeOf } from '../../domain/tokens/challenge.ts'
import type { HeldCredential } from '../environment/credentials.ts'
import {
  countPasskey,
  countSessionChange,
  failPasskey,
  type PasskeyAttempt,
  takeBackPasskey,
  tryCode,
} from './attempts.ts'
import { credentialOf, type FactorRow, viewFactor } from './factors.ts'
import type { Ledger, Who } from './ledger.ts'
import { type Gate, spendOwn } from './spending.ts'
import { checkTotp } from './step-up.ts'

export interface StartCall {
  who: Who
  factorId: string
  kind: FactorKind
  label: string | null
  secret: string
  expiresAt: number
  gate: Gate
  /** The `key` of the session. */
  session: string
  /** For a user without factors: why their session is refused, or the single-use keys of their assertion. */
  first: { refused: Refusal } | { singleUseKeys: SingleUseKey[] }
}

/** The values that the options of a passkey ceremony need. */
export interface Started {
  userHandle: string
  existing: Pick<PasskeyCredential, 'credentialId' | 'transports'>[]
}

export function startEnrollment(ledger: Ledger, call: StartCall): Answer<Started> {
  const now = epochSeconds()
  if (!ledger.exists && 'refused' in call.first) return { refused: call.first.refused }
  return ledger.change(now, call.who, () => {
    ledger.factors.checkLimit(call.kind)
    const { linkedBy, jti } = ledger.note('enrolled')
      ? openedByToken(ledger, call.gate, now)
      : openedFirst(ledger, call, now)
    const { factorId: id, kind, label, secret, expiresAt } = call
    ledger.factors.begin({ id, kind, label, secret, expiresAt, linkedBy }, now)
    ledger.history.append({
      type: 'enrollment.started',
      actor: 'subject',
      at: now,
      data: { factorId: id, kind, ...(jti && { jti }) },
    })
    const existing = ledger.factors.confirmed('passkey').map(credentialOf)
    return {
      userHandle: ledger.userHandle(),
      existing: existing.map(({ credentialId, transports }) => ({ credentialId, transports })),
    }
  })
}

function openedByToken(ledger: Ledger, gate: Gate, now: number) {
  const row = spendOwn(ledger, gate, now)
  return { linkedBy: row.factor_id, jti: row.jti }
}

function openedFirst(ledger: Ledger, { first, session }: StartCall, now: number) {
  if ('refused' in first) refuse(first.refused.reason, first.refused)
  countSessionChange(ledger, session, now)
  for (const key of first.singleUseKeys) {
    if (!ledger.tokens.claim(key, now))
      refuse('assertion_invalid', { message: 'This assertion was used already.' })
  }
  return { linkedBy: session, jti: undefined }
}

export interface ConfirmCall {
  who: Who
  factorId: string
  /** True if the environment offers recovery codes, which are issued with the first factor. */
  withCodes: boolean
}

export interface ConfirmTotpCall extends ConfirmCall {
  code: string
  dataKey: Uint8Array
}

export function confirmTotp(ledger: Ledger, call: ConfirmTotpCall): Answer<FactorConfirmResult> {
  const now = epochSeconds()
  const { who, factorId, dataKey, code } = call
  if (!ledger.exists) refuse('factor_not_found')
  return ledger.change(now, who, () => {
    const row = ledger.factors.pending(factorId, 'totp', now)
    ledger.factors.checkLimit('totp')
    const failed = { type: 'factor.confirm_failed', data: { kind: 'totp', factorId } }
    const tried = tryCode(ledger, now, failed, false, () => {
      const step = checkTotp(row, who, dataKey, code, now)
      if (step === undefined) return { wrong: 'invalid_code' }
      const claimed = ledger.tokens.claim(
        { key: totpKey(factorId), ordinal: step, expiresAt: null },
        now,
      )
      return claimed ? { right: {} } : { wrong: 'code_already_used' }
    })
    return 'refused' in tried ? tried : confirmed(ledger, call, row, row.secret, null, now)
  })
}

export interface ConfirmPasskeyCall extends ConfirmCall {
  /** The `key` of the session. */
  session: string
  statement: Statement
  response: RegistrationResponse
  relyingParty: RelyingParty
}

/** The environment's credential ids, so that no two users share one. */
export interface CredentialRegister {
  claim(held: HeldCredential): Promise<boolean>
  release(held: HeldCredential[]): Promise<void>
}

export async function confirmPasskey(
  ledger: Ledger,
  call: ConfirmPasskeyCall,
  register: CredentialRegister,
): Promise<Answer<FactorConfirmResult>> {
  const { who, factorId, statement, response, relyingParty } = call
  if (!ledger.exists) refuse('factor_not_found')
  const opened = openConfirmation(ledger, call)
  if ('refused' in opened) return opened
  const { attempt } = opened
  try {
    const credential = await verifyRegistration(
      response,
      webauthnChallengeOf(statement),
      relyingParty,
    )
    const held = { credentialId: credential.credentialId, factorId }
    if (!(await register.claim(held))) throw new PasskeyFailure('credential_taken')
    try {
      return closeConfirmation(ledger, call, attempt, credential)
    } finally {
      const enrolled = ledger.factors.find(factorId)?.credential_id === held.credentialId
      if (!enrolled) await register.release([held])
    }
  } catch (error) {
    if (!(error instanceof PasskeyFailure)) throw error
    return failPasskey(ledger, who, attempt, error.fault, factorId)
  }
}

function openConfirmation(
  ledger: Ledger,
  { who, factorId, session }: ConfirmPasskeyCall,
): Answer<{ attempt: PasskeyAttempt }> {
  const now = epochSeconds()
  return ledger.change(now, who, () => {
    ledger.factors.pending(factorId, 'passkey', now)
    ledger.factors.checkLimit('passkey')
    const attempt = countPasskey(ledger, 'factor.confirm_failed', session, now)
    return 'refused' in attempt ? attempt : { attempt }
  })
}

/**
 * Checks again what could have changed during verification, claims the challenge, and confirms the factor. The
 * challenge is claimed only now, so that the user can try again after a failed response.
 */
function closeConfirmation(
  ledger: Ledger,
  call: ConfirmPasskeyCall,
  attempt: PasskeyAttempt,
  credential: PasskeyCredential,
) {
  const now = epochSeconds()
  return ledger.change(now, call.who, () => {
    const row = ledger.factors.pending(call.factorId, 'passkey', now)
    ledger.factors.checkLimit('passkey')
    if (!ledger.tokens.claim(challengeKey(call.statement), now)) refuse('challenge_used')
    if (holds(ledger, credential.credentialId)) throw new PasskeyFailure('credential_taken')
    takeBackPasskey(ledger, attempt)
    return confirmed(ledger, call, row, JSON.stringify(credential), credential.credentialId, now)
  })
}

const holds = (ledger: Ledger, credentialId: string): boolean =>
  ledger.factors.confirmed('passkey').some((row) => row.credential_id === credentialId)

/** Turns an enrollment into a factor. The first factor ends all other enrollments and issues recovery codes. */
function confirmed(
  ledger: Ledger,
  call: ConfirmCall,
  row: FactorRow,
  secret: string,
  credentialId: string | null,
  now: number,
): FactorConfirmResult {
  const { who, factorId, withCodes } = call
  const first = !ledger.note('enrolled')
  ledger.factors.confirm(factorId, secret, credentialId, now)
  // A user who needed a recovery code has lost the factor that they are asked for first.
  if (row.linked_by === RECOVERY_FACTOR_ID) ledger.factors.setDefault(factorId)
  if (first) {
    ledger.factors.endPending()
    ledger.setNote('enrolled', true)
  }
  const recoveryCodes = first && withCodes ? issueCodes(ledger, who) : undefined
  ledger.history.append({
    type: 'factor.confirmed',
    actor: 'subject',
    at: now,
    data: { factorId, kind: row.kind, first },
  })
  return {
    factor: viewFactor(ledger.factors.mustFind(factorId), who.rpId),
    ...(recoveryCodes && { recoveryCodes }),
  }
}

/** Creates recovery codes that replace all earlier ones. Stores only their hashes. */
export function issueCodes(ledger: Ledger, { environment, subject, epoch }: Who): string[] {
  const codes = newRecoveryCodes(random)
  const hashes = codes.map((code) =>
    hashRecoveryCode(environment, subject, normalizeRecoveryCode(code) ?? ''),
  )
  ledger.factors.replaceCodes(hashes, epoch)
  ledger.setNote('acknowledged', false)
  return codes
}
