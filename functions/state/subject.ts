// The Subject object: one for each user of each environment. Its verbs are few and each is one
// atomic step; what they do stands in the files beside it, what they keep in the ledger.
import { DurableObject } from 'cloudflare:workers'
import type { AuditEvent, AuditVerifyResult } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { GENESIS_HASH } from '../domain/audit.ts'
import { type Answer, Refused } from '../domain/refusal.ts'
import { readBindings } from '../env.ts'
import * as changes from './changes.ts'
import * as enrollment from './enrollment.ts'
import type { HeldCredential } from './environment.ts'
import { Ledger, type Who } from './ledger.ts'
import * as overview from './overview.ts'
import * as spending from './spending.ts'
import * as stepup from './stepup.ts'

export class Subject extends DurableObject<Env> {
  readonly #ledger: Ledger

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#ledger = new Ledger(ctx.storage)
  }

  check(call: overview.CheckCall) {
    return overview.check(this.#ledger, call)
  }
  list(call: { who: Who }) {
    return overview.list(this.#ledger, call)
  }
  passkeys() {
    return answer(() => overview.passkeys(this.#ledger))
  }

  startEnrollment(call: enrollment.StartCall) {
    return this.#gated(call, () => enrollment.startEnrollment(this.#ledger, call))
  }
  confirmTotp(call: enrollment.ConfirmTotpCall) {
    return answer(() => enrollment.confirmTotp(this.#ledger, call))
  }
  confirmPasskey(call: enrollment.ConfirmPasskeyCall) {
    return answerLater(() =>
      enrollment.confirmPasskey(this.#ledger, call, this.#register(call.who)),
    )
  }
  rename(call: changes.FactorCall & { label: string | null }) {
    return answer(() => changes.renameFactor(this.#ledger, call))
  }
  setDefault(call: changes.FactorCall & { gate: spending.Gate }) {
    return this.#gated(call, () => changes.setDefaultFactor(this.#ledger, call))
  }
  async remove(call: changes.FactorCall & { gate: spending.Gate }) {
    return this.#release(
      call.who,
      this.#gated(call, () => changes.removeFactor(this.#ledger, call)),
    )
  }
  regenerateCodes(call: { who: Who; gate: spending.Gate }) {
    return this.#gated(call, () => changes.regenerateCodes(this.#ledger, call))
  }
  acknowledgeCodes(call: { who: Who }) {
    return answer(() => changes.acknowledgeCodes(this.#ledger, call))
  }

  stepUpTotp(call: stepup.TotpCall) {
    return answer(() => stepup.stepUpTotp(this.#ledger, call))
  }
  stepUpRecovery(call: stepup.RecoveryCall) {
    return answer(() => stepup.stepUpRecovery(this.#ledger, call))
  }
  stepUpPasskey(call: stepup.PasskeyCall) {
    return answerLater(() => stepup.stepUpPasskey(this.#ledger, call))
  }
  exchange(call: stepup.ExchangeCall) {
    return answer(() => stepup.exchange(this.#ledger, call))
  }

  consume(call: spending.ConsumeCall) {
    return answer(() => spending.consume(this.#ledger, call))
  }
  noteRefusal(call: spending.RefusedTokenCall) {
    return spending.noteRefusal(this.#ledger, call)
  }
  noteAttempt(call: spending.FailedAttempt) {
    return spending.noteAttempt(this.#ledger, call)
  }
  isActive(call: Pick<spending.TokenCall, 'jti'>) {
    return spending.isActive(this.#ledger, call)
  }
  revoke(call: spending.TokenCall & { actor: string }) {
    return spending.revoke(this.#ledger, call)
  }

  view(call: { who: Who }) {
    return overview.view(this.#ledger, call)
  }
  unlock(call: overview.OperatorCall) {
    return answer(() => overview.unlock(this.#ledger, call))
  }
  async resetFactors(call: overview.OperatorCall) {
    return this.#release(
      call.who,
      answer(() => overview.resetFactors(this.#ledger, call)),
    )
  }
  endTokens(call: overview.OperatorCall) {
    return answer(() => overview.endTokens(this.#ledger, call))
  }

  /** One page of the user's history, newest first; what was tallied and is due becomes an event first. */
  events(before: number | undefined): { events: AuditEvent[]; next?: number } {
    if (!this.#ledger.exists) return { events: [] }
    this.ctx.storage.transactionSync(() => this.#ledger.history.flush(epochSeconds()))
    return this.#ledger.history.page(before)
  }
  verifyEvents(after: number | undefined): Omit<AuditVerifyResult, 'cursor'> & { next?: number } {
    return this.#ledger.exists
      ? this.#ledger.history.verify(after)
      : { intact: true, count: 0, head: GENESIS_HASH }
  }

  override alarm(): void {
    this.#ledger.clean(epochSeconds())
  }

  /** A change that a token opens: where the token is what was refused, that is counted (rule 13). */
  #gated<T extends object>(
    { who, gate }: { who: Who; gate: spending.Gate },
    run: () => Answer<T>,
  ): Answer<T> {
    const answered = answer(run)
    if ('refused' in answered && gate.spend && /^token_|^step_up/.test(answered.refused.reason)) {
      const { jti } = gate.spend
      const { reason } = answered.refused
      const { action } = gate.requirement
      spending.noteRefusal(this.#ledger, { who, jti, action, actor: 'subject', reason })
    }
    return answered
  }

  #environment(who: Who) {
    return readBindings(this.env).environments.getByName(who.environment)
  }

  #register(who: Who): enrollment.CredentialRegister {
    const environment = this.#environment(who)
    const holder = this.ctx.id.toString()
    return {
      claim: (held) => environment.claimCredential(held, holder),
      release: (held) => environment.releaseCredentials(held, holder),
    }
  }

  /** Gives freed credentials back. Where that fails they stay with this user, who may enroll them again. */
  async #release<T extends { released: HeldCredential[] }>(
    who: Who,
    freed: Answer<T>,
  ): Promise<Answer<Omit<T, 'released'>>> {
    if ('refused' in freed) return freed
    const { released, ...rest } = freed
    if (released.length > 0)
      await this.#register(who)
        .release(released)
        .catch(() => undefined)
    return rest
  }
}

/** Refusals cross between objects as values: a thrown error would lose its reason on the way. */
function answer<T extends object>(run: () => Answer<T>): Answer<T> {
  try {
    return run()
  } catch (error) {
    if (error instanceof Refused) return { refused: error.refusal }
    throw error
  }
}

async function answerLater<T extends object>(run: () => Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await run()
  } catch (error) {
    if (error instanceof Refused) return { refused: error.refusal }
    throw error
  }
}
