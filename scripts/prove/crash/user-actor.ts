// The actions of every user in the crash proof: they get tokens, and the API consumes them. newcomers.ts and
// actors.ts say with which factors and in which order.
import { randomUUID } from 'node:crypto'
import type { JSONWebKeySet } from 'jose'
import { type CountersignClient, createClient, reasonOf } from '../../../client/index.ts'
import { verifyReceipt } from '../../../client/receipt.ts'
import { RECOVERY_CODE_COUNT } from '../../../contract/factor.ts'
import { type ElevatedToken, METHODS } from '../../../contract/index.ts'
import { emptyState, type State, seen } from '../../../test/state/model/state.ts'
import { apply, type Call, type Order } from '../../../test/state/model/verbs.ts'
import { ThrottleModel } from '../../../test/support/throttle-model.ts'
import { DEMO } from '../../demo.ts'
import { given } from '../../tour/users.ts'
import { SCOPE, type Setup, TOKEN_SECONDS } from '../setup.ts'
import type { newUser } from '../users.ts'
import { Account, type Keeping, type Model } from './account.ts'
import { type Acknowledged, type Act, unheard } from './act.ts'
import { CODE_REASONS, FAILURE } from './chain.ts'
import type { Tally } from './tally.ts'

/** A user or operator who acts until nothing is left to do. */
export interface Actor {
  /** Makes the next call. Returns false if nothing is left to do. */
  next(): Promise<boolean>
  /** Checks the account after a crash. */
  check(): Promise<void>
  /** Presents every consumed token again, at the end of the proof. */
  presentAll(): Promise<void>
}

/** The context of an actor. */
export interface ActorContext {
  setup: Setup
  keeping: Keeping
}

/** A call of a user's object, and the recovery codes in its answer. */
export interface UserCall {
  call: Call
  codes?: string[]
}
export type UserAct = Act<UserCall>

const UNHEARD_CODES = Array.from({ length: RECOVERY_CODE_COUNT }, unheard)

const USER_MODEL: Model<State, UserCall> = {
  apply(state, { call, codes = UNHEARD_CODES }, now) {
    state.now = now
    const answer = apply(state, call, codes)
    if (CODE_REASONS.includes(answer)) state.recorded[FAILURE] = (state.recorded[FAILURE] ?? 0) + 1
    return answer
  },
  left: ({ codesTried }, now) => new ThrottleModel(codesTried).left(now),
}

/** Returns the token order for the model, with the token id of an answer. */
export const orderOf = (heard?: Acknowledged): Order => ({
  ...{ jti: heard?.id ?? unheard(), singleUse: true, lifetime: TOKEN_SECONDS },
})

export type User = Awaited<ReturnType<typeof newUser>>

/** A user. Subclasses say which calls they make. */
export abstract class UserActor implements Actor {
  readonly account: Account<State, UserCall>
  protected readonly setup: Setup
  protected readonly user: User
  readonly #operator: CountersignClient
  readonly #tally: Tally
  readonly #front: string
  readonly #api: CountersignClient
  readonly #consumed: UserAct[] = []
  /** The acknowledged tokens whose receipts were not checked yet. */
  readonly #issued: string[] = []
  /** The tokens that are not consumed yet. */
  readonly #earned: { token: string; jti: string; scope: string }[] = []

  constructor({ setup, keeping }: ActorContext, user: User) {
    const { environment } = DEMO
    this.setup = setup
    this.user = user
    const first = emptyState(Math.floor(Date.now() / 1000))
    this.account = new Account({ environment, subject: user.subject }, keeping, USER_MODEL, first)
    this.#operator = keeping.operator
    this.#tally = keeping.tally
    const [url] = setup.fronts
    this.#front = given(url, 'a front')
    const bearer = () => setup.resourceKey
    this.#api = createClient({ url: this.#front, environment, bearer })
  }

  /** Returns the next call that is not a consumption. */
  protected abstract own(): Promise<UserAct | undefined>

  async next(): Promise<boolean> {
    const earned = this.#earned.shift()
    const act = earned ? this.#consumption(earned) : await this.own()
    if (act && earned) this.#consumed.push(act)
    if (act) await this.account.does(act)
    return act !== undefined
  }

  async check(): Promise<void> {
    await this.account.check()
    await this.#checkReceipts()
    const { subject } = this.user
    const view = await this.#operator.subject.get.query({ environment: DEMO.environment, subject })
    const { factors, enrolled, recovery, attempts } = view
    const found = {
      factors: factors.map(({ factorId, kind, isDefault }) => ({ factorId, kind, isDefault })),
      enrolled,
      recovery: [recovery.remaining, recovery.total, recovery.acknowledged],
      failures: [attempts.consecutiveFailures, attempts.failuresLastDay, attempts.locked],
    }
    this.account.expect('what the user has', found, (state) => {
      const { recovery, ...is } = seen(state)
      const { codesTried } = state
      const today = codesTried.filter(({ what }) => what === 'wrong').length
      return {
        factors: is.factors.map(({ factorId, kind, isDefault }) => ({ factorId, kind, isDefault })),
        enrolled: is.enrolled,
        recovery: [recovery.remaining, recovery.total, recovery.acknowledged],
        failures: [new ThrottleModel(codesTried).inRow(), today, is.locked],
      }
    })
  }

  /** Makes sure that every acknowledged step-up has a receipt that verifies. */
  async #checkReceipts(): Promise<void> {
    const { environment } = DEMO
    const { subject } = this.user
    const issued = this.#issued.splice(0)
    if (issued.length === 0) return
    const keys = await fetch(`${this.#front}/${environment}/receipts/jwks.json`)
    const jwks = (await keys.json()) as JSONWebKeySet
    for (const jti of issued) {
      const receipt = await this.#operator.receipt.get
        .query({ environment, subject, jti })
        .catch((error) => {
          if (!reasonOf(error)) throw error
        })
      const verdict = await verifyReceipt(receipt, { jwks })
      this.#tally.receipts += 1
      if (!verdict.valid)
        this.#tally.fault(
          'lost',
          `the receipt of the token ${jti} of ${subject}: ${verdict.message}`,
        )
    }
  }

  async presentAll(): Promise<void> {
    for (const act of this.#consumed) await this.account.presentAsNew(act)
  }

  protected earn(answer: { elevatedToken?: ElevatedToken | undefined }): Acknowledged {
    const { token, jti, scopes, issuedAt, expiresAt } = given(
      answer.elevatedToken,
      'an elevated token',
    )
    if (expiresAt - issuedAt !== TOKEN_SECONDS)
      this.#tally.fault(
        'odd',
        `the lifetime of the token ${jti} is ${expiresAt - issuedAt} seconds, not ${TOKEN_SECONDS}: ${scopes}`,
      )
    const [scope = ''] = scopes
    this.#issued.push(jti)
    if (!scope.startsWith('credential:')) this.#earned.push({ token, jti, scope })
    return { id: jti }
  }

  protected async assertion(): Promise<UserAct> {
    const { subject, client } = this.user
    const { token } = await this.setup.application.vouch(subject, SCOPE, this.setup.issuer)
    return {
      kind: 'assertion',
      again: true,
      model: (heard) => ({
        call: { verb: 'exchange', claim: token, age: 0, order: orderOf(heard) },
      }),
      call: async () => this.earn(await client.token.exchange.mutate({ assertion: token })),
    }
  }

  #consumption(
    earned: { token: string; jti: string; scope: string },
    idempotencyKey: string = randomUUID(),
  ): UserAct {
    const { subject } = this.user
    const { token, jti, scope } = earned
    return {
      kind: 'consumption',
      again: true,
      model: () => ({
        call: { verb: 'consume', jti, methods: [...METHODS], requestHash: idempotencyKey },
      }),
      call: async () => {
        const input = { token, subject, scope, idempotencyKey }
        const { replayed } = await this.#api.token.consume.mutate(input)
        return { replayed }
      },
      asNew: () => this.#consumption(earned),
    }
  }
}
