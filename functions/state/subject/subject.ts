// The Subject object, one for each user of each environment. Each method is one atomic step. The other files of
// this folder implement the methods on the ledger. Methods return refusals as values, because a thrown error
// would lose its reason on the way to the Worker.
import { DurableObject } from 'cloudflare:workers'
import type { AuditEvent } from '../../../contract/index.ts'
import { epochSeconds } from '../../clock.ts'
import { loadConditions } from '../../domain/conditions/condition.ts'
import type { ChainEnd } from '../../domain/history/checkpoint.ts'
import type { FoundReceipt } from '../../domain/history/receipt.ts'
import { subjectObjectName } from '../../domain/names.ts'
import { type Answer, answering, answeringLater } from '../../domain/refusal.ts'
import type { HeldCredential } from '../environment/credentials.ts'
import { NO_EVENTS, type VerifiedPart } from '../history.ts'
import type { FailedAttempt } from './attempts.ts'
import { type AuthorizeCall, authorize } from './authorize.ts'
import * as enrollment from './enrollment.ts'
import * as changes from './factor-changes.ts'
import { Ledger, type Who } from './ledger.ts'
import * as overview from './overview.ts'
import { type PasskeyCall, stepUpPasskey } from './passkey-step-up.ts'
import * as spending from './spending.ts'
import * as stepup from './step-up.ts'

export class Subject extends DurableObject<Env> {
  readonly #ledger: Ledger

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env)
    this.#ledger = new Ledger(ctx.storage)
  }

  /** Returns what decides every check, as JSON text for `parseFacts`, or undefined if nothing is stored. */
  storedFacts({ epoch }: Pick<Who, 'epoch'>): string | undefined {
    return this.#ledger.storedFacts(epoch)
  }
  noteObserved(call: overview.ObservedCall) {
    return overview.noteObserved(this.#ledger, call)
  }
  list(call: { who: Who }) {
    return overview.list(this.#ledger, call)
  }
  /** Returns whether this user has ever confirmed a factor. */
  isEnrolled(): boolean {
    return this.#ledger.exists && this.#ledger.note('enrolled')
  }
  passkeys(call: { who: Who }) {
    return answering(() => overview.passkeys(this.#ledger, call))
  }

  startEnrollment(call: enrollment.StartCall) {
    return this.#gated(call, () => enrollment.startEnrollment(this.#ledger, call))
  }
  confirmTotp(call: enrollment.ConfirmTotpCall) {
    return answering(() => enrollment.confirmTotp(this.#ledger, call))
  }
  confirmPasskey(call: enrollment.ConfirmPasskeyCall) {
    return answeringLater(() =>
      enrollment.confirmPasskey(this.#ledger, call, this.#register(call.who)),
    )
  }
  rename(call: changes.FactorCall & { label: string | null; session: string }) {
    return answering(() => changes.renameFactor(this.#ledger, call))
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
    return answering(() => changes.acknowledgeCodes(this.#ledger, call))
  }

  stepUpTotp(call: stepup.TotpCall) {
    return answering(() => stepup.stepUpTotp(this.#ledger, call))
  }
  stepUpRecovery(call: stepup.RecoveryCall) {
    return answering(() => stepup.stepUpRecovery(this.#ledger, call))
  }
  stepUpPasskey(call: PasskeyCall) {
    return answeringLater(() => stepUpPasskey(this.#ledger, call))
  }
  exchange(call: stepup.ExchangeCall) {
    return answering(() => stepup.exchange(this.#ledger, call))
  }

  /** Authorizes an action. Loads conditions first, if the action has any: the decision itself is synchronous. */
  authorize(call: AuthorizeCall) {
    return call.action.conditional
      ? loadConditions().then((conditions) => authorize(this.#ledger, call, conditions))
      : authorize(this.#ledger, call)
  }
  consume(call: spending.ConsumeCall) {
    return answering(() => spending.consume(this.#ledger, call))
  }
  noteRefusal(call: spending.RefusedTokenCall) {
    return spending.noteRefusal(this.#ledger, call)
  }
  noteAttempt(call: FailedAttempt & { who: Who }) {
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
    return answering(() => overview.unlock(this.#ledger, call))
  }
  async resetFactors(call: overview.OperatorCall) {
    return this.#release(
      call.who,
      answering(() => overview.resetFactors(this.#ledger, call)),
    )
  }
  endTokens(call: overview.OperatorCall) {
    return answering(() => overview.endTokens(this.#ledger, call))
  }

  /** Returns one page of the user's history, newest first. Does not write the tallies whose hour has not ended. */
  events(before: number | undefined): { events: AuditEvent[]; next?: number } {
    return this.#ledger.exists ? this.#ledger.history.page(before) : { events: [] }
  }
  verifyEvents(after: number | undefined, since?: ChainEnd): VerifiedPart {
    return this.#ledger.verify(after, since)
  }
  receipt({ jti }: { jti: string }): FoundReceipt | undefined {
    return this.#ledger.receipt(jti)
  }
  chainEnd(): ChainEnd {
    return this.#ledger.exists ? this.#ledger.history.end() : NO_EVENTS
  }

  /**
   * Deletes expired rows, and has the environment sign checkpoints. If the environment was removed, deletes everything
   * about the user.
   */
  override async alarm(): Promise<void> {
    if (!this.#ledger.exists) return
    const environment = this.#ledger.note('environment')
    const removed = environment !== '' && (await this.#environment({ environment }).isRemoved())
    if (removed) return this.#ledger.remove()
    this.#ledger.clean(epochSeconds())
    await this.#signCheckpoints(environment)
  }

  async #signCheckpoints(environment: string): Promise<void> {
    const { checkpoints } = this.#ledger.history
    const sub = this.#ledger.note('subject')
    const ends = sub === '' ? [] : checkpoints.unsigned()
    if (ends.length === 0) return
    // Changed notes must not have the history of another user signed.
    const own = this.env.SUBJECT.idFromName(subjectObjectName(environment, sub))
    if (own.toString() !== this.ctx.id.toString()) return
    checkpoints.add(ends, await this.#environment({ environment }).signCheckpoints({ sub }, ends))
  }

  /** Runs a change that consumes a token, and counts a refusal of the token. */
  #gated<T extends object>(
    { who, gate }: { who: Who; gate: spending.Gate },
    run: () => Answer<T>,
  ): Answer<T> {
    const answered = answering(run)
    if ('refused' in answered && gate.spend && /^token_|^step_up/.test(answered.refused.reason)) {
      const { jti } = gate.spend
      const { reason } = answered.refused
      const { action } = gate.requirement
      spending.noteRefusal(this.#ledger, { who, jti, action, actor: 'subject', reason })
    }
    return answered
  }

  #environment({ environment }: Pick<Who, 'environment'>) {
    return this.env.ENVIRONMENT.getByName(environment)
  }

  #register(who: Who): enrollment.CredentialRegister {
    const environment = this.#environment(who)
    const owner = this.ctx.id.toString()
    return {
      claim: (held) => environment.claimCredential(held, owner),
      // If this fails, the credentials stay reserved for this user, who can enroll them again.
      release: (held) => environment.releaseCredentials(held, owner).catch(() => undefined),
    }
  }

  /** Releases the credential ids of removed factors. */
  async #release<T extends { released: HeldCredential[] }>(
    who: Who,
    freed: Answer<T>,
  ): Promise<Answer<Omit<T, 'released'>>> {
    if ('refused' in freed) return freed
    const { released, ...rest } = freed
    if (released.length > 0) await this.#register(who).release(released)
    return rest
  }
}
