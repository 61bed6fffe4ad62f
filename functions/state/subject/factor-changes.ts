// Changes of factors: renames them, sets the default, removes them, and replaces recovery codes. A change that a
// stolen session could misuse consumes a token in the same transaction.
import { acrReaches, type Factor } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import { totpKey } from '../../domain/factors/totp.ts'
import { type Answer, refuse } from '../../domain/refusal.ts'
import type { HeldCredential } from '../environment/credentials.ts'
import { countSessionChange } from './attempts.ts'
import { issueCodes } from './enrollment.ts'
import { type FactorRow, heldBy } from './factors.ts'
import type { Ledger, Who } from './ledger.ts'
import { type Gate, spendOwn } from './spending.ts'

export interface FactorCall {
  who: Who
  factorId: string
}

export function renameFactor(
  ledger: Ledger,
  call: FactorCall & { label: string | null; session: string },
): Answer<{ factors: Factor[] }> {
  return changeFactor(ledger, call, (row, now) => {
    if (row.label === call.label) return
    countSessionChange(ledger, call.session, now)
    ledger.factors.rename(row.id, call.label)
    ledger.history.append({
      type: 'factor.renamed',
      actor: 'subject',
      at: now,
      data: { factorId: row.id },
    })
  })
}

export function setDefaultFactor(
  ledger: Ledger,
  call: FactorCall & { gate: Gate },
): Answer<{ factors: Factor[] }> {
  return changeFactor(ledger, call, (row, now) => {
    const { jti } = spendOwn(ledger, call.gate, now)
    ledger.factors.setDefault(row.id)
    ledger.history.append({
      type: 'factor.default_set',
      actor: 'subject',
      at: now,
      data: { factorId: row.id, jti },
    })
  })
}

/** Removes a factor, its tokens and its enrollments. The last factor needs a proof of at least `mfa`. */
export function removeFactor(
  ledger: Ledger,
  call: FactorCall & { gate: Gate },
): Answer<{ factors: Factor[]; released: HeldCredential[] }> {
  let released: HeldCredential[] = []
  const answer = changeFactor(ledger, call, (row, now) => {
    const last = !ledger.factors.hasOther(row.id, call.who.rpId)
    const gate = last ? gateOfLast(call.gate) : call.gate
    if (gate.spend && !acrReaches(gate.spend.acr, gate.requirement.acr)) {
      refuse('step_up_required', {
        message: 'A recovery code cannot remove the last factor: verify with a stronger method.',
        requirement: gate.requirement,
      })
    }
    const { jti } = spendOwn(ledger, gate, now)
    ledger.factors.remove(row)
    ledger.setNote('lastStepUpAt', Math.max(ledger.note('lastStepUpAt'), row.last_used_at ?? 0))
    ledger.factors.endPending(row.id)
    ledger.tokens.forgetKey(totpKey(row.id))
    const endedTokens = ledger.tokens.endOfFactor(row.id, now)
    released = heldBy([row])
    ledger.history.append({
      type: 'factor.removed',
      actor: 'subject',
      at: now,
      data: { factorId: row.id, kind: row.kind, endedTokens, jti },
    })
  })
  return 'refused' in answer ? answer : { ...answer, released }
}

/** Returns the gate for the last factor, which a recovery code cannot open even if the rule accepts it. */
function gateOfLast({ spend, requirement }: Gate): Gate {
  const methods = requirement.methods.filter((method) => method !== 'recovery')
  const acr = acrReaches(requirement.acr, 'mfa') ? requirement.acr : 'mfa'
  return { spend, requirement: { ...requirement, methods, acr } }
}

function changeFactor(
  ledger: Ledger,
  { who, factorId }: FactorCall,
  run: (row: FactorRow, now: number) => void,
): Answer<{ factors: Factor[] }> {
  const now = epochSeconds()
  if (!ledger.exists) refuse('factor_not_found')
  return ledger.change(now, who, () => {
    run(ledger.factors.mustFind(factorId), now)
    return { factors: ledger.factors.list(who.rpId) }
  })
}

export function regenerateCodes(
  ledger: Ledger,
  { who, gate }: { who: Who; gate: Gate },
): Answer<{ recoveryCodes: string[] }> {
  const now = epochSeconds()
  if (!ledger.exists) refuse('enrollment_required')
  return ledger.change(now, who, () => {
    if (!ledger.note('enrolled')) refuse('enrollment_required')
    const { jti } = spendOwn(ledger, gate, now)
    const endedTokens = ledger.endRecovery(now)
    const recoveryCodes = issueCodes(ledger, who)
    ledger.history.append({
      type: 'recovery.regenerated',
      actor: 'subject',
      at: now,
      data: { endedTokens, jti },
    })
    return { recoveryCodes }
  })
}

export function acknowledgeCodes(
  ledger: Ledger,
  { who }: { who: Who },
): Answer<{ acknowledged: boolean }> {
  const now = epochSeconds()
  if (!ledger.exists) refuse('enrollment_required')
  return ledger.change(now, who, () => {
    if (ledger.factors.countCodes(who.epoch).total === 0)
      refuse('enrollment_required', { message: 'The user has no recovery codes to acknowledge.' })
    if (!ledger.note('acknowledged')) {
      ledger.setNote('acknowledged', true)
      ledger.history.append({ type: 'recovery.acknowledged', actor: 'subject', at: now, data: {} })
    }
    return { acknowledged: true }
  })
}
