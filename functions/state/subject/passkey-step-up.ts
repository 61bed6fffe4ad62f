// Steps up with a passkey. Its response is verified asynchronously, so there are three steps: count the attempt and
// claim the challenge, verify the response, and check again before the tokens are issued.
import type { AuthenticationResponse } from '../../../contract/index.ts'
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
import { forgive } from '../../domain/factors/throttle.ts'
import type { StoredPasskey } from '../../domain/history/receipt.ts'
import { type Answer, refusal, refuse } from '../../domain/refusal.ts'
import {
  challengeKey,
  type Statement,
  signedStatement,
  webauthnChallengeOf,
} from '../../domain/tokens/challenge.ts'
import {
  countPasskey,
  failPasskey,
  type PasskeyAttempt,
  recordFault,
  refusePasskey,
  takeBackPasskey,
} from './attempts.ts'
import { credentialOf, type FactorRow } from './factors.ts'
import type { Ledger } from './ledger.ts'
import { accept, type SteppedUp, type StepUpCall } from './step-up.ts'

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
    const row =
      response.rawId === response.id
        ? ledger.factors.passkeyFor(response.id, call.who.rpId)
        : undefined
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
    const { rpId } = call.relyingParty
    ledger.factors.storeUse(factorId, { ...credential, ...shown, rpId }, now)
    takeBackPasskey(ledger, attempt)
    ledger.setNote('attempts', forgive(ledger.note('attempts'), now))
    const proof = passkeyProof(factorId, credential.synced, now, [])
    return accept(ledger, call, proof, now, signatureOf(call, credential))
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
