// Steps up: checks a factor, claims its single-use keys, and issues tokens. A code is checked synchronously, so
// one transaction does everything. A passkey needs an await, so it has three steps: count the attempt and claim
// the challenge, verify the response, and check again before the tokens are issued.
import type { AuthenticationResponse, Method } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import {
  counterFault,
  type PasskeyAuthentication,
  type PasskeyCredential,
  PasskeyFailure,
  passkeyProof,
  type RelyingParty,
} from '../../domain/factors/passkey.ts'
import { canBeRight, verifyAuthentication } from '../../domain/factors/passkey-verification.ts'
import type { Proof } from '../../domain/factors/proof.ts'
import {
  hashRecoveryCode,
  normalizeRecoveryCode,
  recoveryProof,
} from '../../domain/factors/recovery.ts'
import { forgive } from '../../domain/factors/throttle.ts'
import { type StoredTotp, sealedFor, totpProof, totpStepOf } from '../../domain/factors/totp.ts'
import type { ReceiptTerms, StoredPasskey, StoredReceipt } from '../../domain/history/receipt.ts'
import { type Answer, refusal, refuse } from '../../domain/refusal.ts'
import { open } from '../../domain/seal.ts'
import {
  challengeKey,
  type Statement,
  signedStatement,
  webauthnChallengeOf,
} from '../../domain/tokens/challenge.ts'
import type { KeyProof } from '../../domain/tokens/dpop.ts'
import { type IssuedToken, issue, type PlannedToken } from '../../domain/tokens/issue.ts'
import {
  countPasskey,
  failPasskey,
  type PasskeyAttempt,
  recordFault,
  refusePasskey,
  takeBackPasskey,
  tallyAttempt,
  tryCode,
} from './attempts.ts'
import { credentialOf, type FactorRow } from './factors.ts'
import type { Ledger, Who } from './ledger.ts'

/** A step-up by any method: the user, and the planned tokens. */
export interface StepUpCall {
  who: Who
  tokens: PlannedToken[]
  terms: ReceiptTerms
  /** The country of the call (ISO 3166-1), for the history. */
  country?: string | undefined
  /** The verified proof of the key that the tokens are bound to. */
  dpop?: KeyProof | undefined
}

/** An accepted proof, and the tokens that were issued for it. The Worker signs them. */
export interface SteppedUp {
  proof: Omit<Proof, 'singleUseKeys'>
  tokens: IssuedToken[]
}

/** Returns the time step of a code for a TOTP factor, or undefined for a wrong code. */
export function checkTotp(
  row: FactorRow,
  who: Who,
  dataKey: Uint8Array,
  code: string,
  now: number,
): number | undefined {
  const { sealed, ...parameters }: StoredTotp = JSON.parse(row.secret)
  const secret = open(dataKey, 'totp', sealedFor(who, row.id), sealed)
  if (!secret) throw new Error('a TOTP secret does not open with the data key of its environment')
  return totpStepOf(secret, parameters, code, now)
}

export interface TotpCall extends StepUpCall {
  code: string
  factorId?: string | undefined
  dataKey: Uint8Array
}

export function stepUpTotp(ledger: Ledger, call: TotpCall): Answer<SteppedUp> {
  const now = epochSeconds()
  if (!ledger.exists) return { refused: refusal('enrollment_required') }
  return ledger.change(now, call.who, () => {
    const row = ledger.factors.totpFor(call.factorId)
    const proof = tryCode(ledger, now, failed('totp', row.id), true, () => {
      const step = checkTotp(row, call.who, call.dataKey, call.code, now)
      if (step === undefined) return { wrong: 'invalid_code' }
      const right = totpProof(row.id, step, now)
      return right.singleUseKeys.every((key) => ledger.tokens.claim(key, now))
        ? { right }
        : { wrong: 'code_already_used' }
    })
    return 'refused' in proof ? proof : accept(ledger, call, proof, now)
  })
}

export interface RecoveryCall extends StepUpCall {
  code: string
}

export function stepUpRecovery(ledger: Ledger, call: RecoveryCall): Answer<SteppedUp> {
  const now = epochSeconds()
  const { environment, subject, epoch } = call.who
  if (!ledger.exists) return { refused: refusal('enrollment_required') }
  return ledger.change(now, call.who, () => {
    if (ledger.factors.countCodes(epoch).total === 0) refuse('enrollment_required')
    const proof = tryCode(ledger, now, failed('recovery'), true, () => {
      const code = normalizeRecoveryCode(call.code)
      const hash = code && hashRecoveryCode(environment, subject, code)
      if (!hash) return { wrong: 'invalid_code' }
      if (ledger.factors.spendCode(hash, epoch, now)) return { right: recoveryProof(now) }
      return { wrong: ledger.factors.codeWasSpent(hash) ? 'code_already_used' : 'invalid_code' }
    })
    return 'refused' in proof ? proof : accept(ledger, call, proof, now)
  })
}

const failed = (method: Method, factorId?: string) => ({
  type: 'step_up.failed',
  data: { method, ...(factorId && { factorId }) },
})

export interface PasskeyCall extends StepUpCall {
  /** The `key` of the session. */
  session: string
  statement: Statement
  response: AuthenticationResponse
  relyingParty: RelyingParty
}

export async function stepUpPasskey(ledger: Ledger, call: PasskeyCall): Promise<Answer<SteppedUp>> {
  if (!ledger.exists) return { refused: refusal('enrollment_required') }
  const opened = openPasskeyAttempt(ledger, call)
  if ('refused' in opened) return opened
  const { attempt, row, userHandle } = opened
  try {
    const credential = credentialOf(row)
    const { statement, response, relyingParty } = call
    const shown = await verifyAuthentication(
      response,
      webauthnChallengeOf(statement),
      relyingParty,
      credential,
      userHandle,
    )
    return closePasskeyAttempt(ledger, call, attempt, row.id, shown)
  } catch (error) {
    if (!(error instanceof PasskeyFailure)) throw error
    return failPasskey(ledger, call.who, attempt, error.fault, row.id)
  }
}

/**
 * Counts the attempt and claims its challenge before the response is verified. After too many failures of the user's
 * sessions, only a response that can be valid is verified, so that the user is not locked out by these failures.
 */
function openPasskeyAttempt(
  ledger: Ledger,
  call: PasskeyCall,
): Answer<{ attempt: PasskeyAttempt; row: FactorRow; userHandle: string }> {
  const now = epochSeconds()
  const { statement, response, relyingParty, session } = call
  return ledger.change(now, call.who, () => {
    // Refused before the challenge is claimed, so that this passkey can answer again with a new proof.
    if (call.dpop && ledger.tokens.isClaimed(call.dpop.singleUseKey.key)) refuse('proof_used')
    const attempt = countPasskey(ledger, 'step_up.failed', session, now)
    if ('refused' in attempt) return attempt
    const row = ledger.factors
      .usablePasskeys(call.who.rpId)
      .find(({ credential_id }) => credential_id === response.id && response.rawId === response.id)
    const userHandle = ledger.userHandle()
    if (
      attempt.flooded &&
      !(row && canBeRight(response, webauthnChallengeOf(statement), relyingParty, userHandle))
    )
      return refusePasskey(ledger, refusal('rate_limited'), now)
    if (!ledger.tokens.claim(challengeKey(statement), now))
      return recordFault(ledger, attempt, 'challenge_used', now)
    return row
      ? { attempt, row, userHandle }
      : recordFault(ledger, attempt, 'unknown_credential', now)
  })
}

/** Checks again what could have changed during verification, and accepts the proof. */
function closePasskeyAttempt(
  ledger: Ledger,
  call: PasskeyCall,
  attempt: PasskeyAttempt,
  factorId: string,
  shown: PasskeyAuthentication,
): Answer<SteppedUp> {
  const now = epochSeconds()
  return ledger.change(now, call.who, () => {
    const row = ledger.factors.find(factorId)
    if (!row) return recordFault(ledger, attempt, 'unknown_credential', now)
    const credential = credentialOf(row)
    if (counterFault(credential.counter, shown.counter)) {
      return recordFault(ledger, attempt, 'counter', now, factorId)
    }
    ledger.factors.storeCredential(factorId, {
      ...credential,
      ...shown,
      rpId: call.relyingParty.rpId,
    })
    takeBackPasskey(ledger, attempt)
    ledger.setNote('attempts', forgive(ledger.note('attempts'), now))
    const proof = passkeyProof(factorId, credential.synced, now, [])
    return accept(ledger, call, proof, now, signatureOf(call, credential))
  })
}

export interface ExchangeCall extends StepUpCall {
  proof: Proof
}

/** Accepts an assertion that the Worker has verified. The object checks only that it is used once. */
export function exchange(ledger: Ledger, call: ExchangeCall): Answer<SteppedUp> {
  const now = epochSeconds()
  return ledger.change(now, call.who, () => {
    for (const key of call.proof.singleUseKeys) {
      if (ledger.tokens.claim(key, now)) continue
      // The same assertion can be presented any number of times until it expires.
      tallyAttempt(
        ledger,
        { type: 'step_up.failed', method: 'assertion', reason: 'assertion_invalid' },
        now,
      )
      return {
        refused: refusal('assertion_invalid', { message: 'This assertion was used already.' }),
      }
    }
    return accept(ledger, call, call.proof, now)
  })
}

/** Returns the signature to store, or undefined for a challenge of version 1, which signed the details themselves. */
function signatureOf(
  { statement, response, relyingParty }: PasskeyCall,
  { credentialId, publicKey }: PasskeyCredential,
): StoredPasskey | undefined {
  const { authenticatorData, clientDataJSON, signature } = response.response
  const signed = signedStatement(statement)
  return (
    signed && {
      ...{ credentialId, publicKey, rpId: relyingParty.rpId },
      ...{ authenticatorData, clientDataJSON, signature, statement: signed },
    }
  )
}

/** Issues and stores the tokens for a proof with their receipts, and records the step-up as one event. */
function accept(
  ledger: Ledger,
  call: StepUpCall,
  full: Proof,
  now: number,
  passkey?: StoredPasskey,
): SteppedUp {
  const { singleUseKeys: _claimed, ...proof } = full
  const { method, factorId, acr, amr, authTime } = proof
  if (call.dpop) ledger.tokens.claimKeyProof(call.dpop, now, null)
  const issued = call.tokens.map((token) => issue(token, proof, now))
  for (const { jti, kind, scopes, singleUse, expiresAt, jkt } of issued) {
    ledger.tokens.add({
      ...{ jti, kind, factor_id: factorId, method, scope: scopes.join(' ') },
      ...{ single_use: singleUse ? 1 : 0, issued_at: now, expires_at: expiresAt },
    })
    if (jkt) ledger.tokens.bind(jti, jkt, expiresAt, now)
  }
  ledger.factors.touch(factorId, now)
  ledger.setNote('lastStepUpAt', now)
  const tokens = issued.map(({ jti, kind, scopes, singleUse, detailsHash, jkt }) => ({
    ...{ jti, kind, scopes, singleUse },
    ...(detailsHash && { detailsHash }),
    ...(jkt && { jkt }),
  }))
  const { country } = call
  const data = { method, factorId, acr, amr, authTime, tokens, ...(country && { country }) }
  ledger.history.append({ type: 'step_up.passed', actor: 'subject', at: now, data })
  for (const token of issued)
    ledger.receipts.add(receiptOf(call, proof, token, passkey), ledger.history.end().events)
  return { proof, tokens: issued }
}

function receiptOf(
  { terms: { version, actions, details } }: StepUpCall,
  proof: StoredReceipt['proof'],
  { jti, kind, audience, scopes, singleUse, jkt, issuedAt, expiresAt }: IssuedToken,
  passkey: StoredPasskey | undefined,
): StoredReceipt {
  const isElevated = kind === 'elevated'
  const bound = jkt && { jkt }
  const token = { jti, kind, audience, scopes, singleUse, ...bound, issuedAt, expiresAt }
  return {
    token: { ...token, actions: isElevated ? actions : [] },
    ...{ version, proof },
    ...(isElevated && details && { details }),
    ...(passkey && { passkey }),
  }
}
