// Steps up: checks a code or an assertion, claims its single-use keys, and issues tokens, in one transaction.
// passkey-step-up.ts does the same for passkeys.
import type { Method } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import type { Proof } from '../../domain/factors/proof.ts'
import {
  hashRecoveryCode,
  normalizeRecoveryCode,
  recoveryProof,
} from '../../domain/factors/recovery.ts'
import { type StoredTotp, sealedFor, totpProof, totpStepOf } from '../../domain/factors/totp.ts'
import { type ReceiptTerms, receiptOf, type StoredPasskey } from '../../domain/history/receipt.ts'
import { type Answer, refusal, refuse } from '../../domain/refusal.ts'
import { open } from '../../domain/seal.ts'
import type { KeyProof } from '../../domain/tokens/dpop.ts'
import { type IssuedToken, issue, type PlannedToken } from '../../domain/tokens/issue.ts'
import { tallyAttempt, tryCode } from './attempts.ts'
import type { TotpRow } from './factors.ts'
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
  row: TotpRow,
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
    if ('refused' in proof) return proof
    ledger.factors.touch(row.id, now)
    return accept(ledger, call, proof, now)
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
    if ('refused' in proof) return proof
    ledger.setNote('lastStepUpAt', now)
    return accept(ledger, call, proof, now)
  })
}

const failed = (method: Method, factorId?: string) => ({
  type: 'step_up.failed',
  data: { method, ...(factorId && { factorId }) },
})

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
    ledger.setNote('lastStepUpAt', now)
    return accept(ledger, call, call.proof, now)
  })
}

/** Issues and stores the tokens for a proof with their receipts, and records the step-up as one event. */
export function accept(
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
  const tokens = issued.map(({ jti, kind, scopes, singleUse, detailsHash, jkt }) => ({
    ...{ jti, kind, scopes, singleUse },
    ...(detailsHash && { detailsHash }),
    ...(jkt && { jkt }),
  }))
  const { country } = call
  const data = { method, factorId, acr, amr, authTime, tokens, ...(country && { country }) }
  const seq = ledger.history.append({ type: 'step_up.passed', actor: 'subject', at: now, data })
  for (const token of issued) ledger.receipts.add(receiptOf(call.terms, proof, token, passkey), seq)
  return { proof, tokens: issued }
}
