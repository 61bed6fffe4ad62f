// What every user does under the crashes: earn tokens, and have the API consume them. By which factors, and
// in which order, stands in newcomers.ts and actors.ts.
import { randomUUID } from 'node:crypto'
import { type CountersignClient, createClient } from '../../../client/index.ts'
import { RECOVERY_CODE_COUNT } from '../../../contract/factor.ts'
import { DEMO } from '../../demo.ts'
import { given } from '../../tour/cast.ts'
import { SCOPE, type Stage } from '../stage.ts'
import type { newUser } from '../users.ts'
import { Account, type Keeping } from './account.ts'
import type { Acknowledged, Act } from './act.ts'

/** Somebody who acts until they are done. */
export interface Actor {
  account: Account
  /** Does the next thing; false where there is none left. */
  next(): Promise<boolean>
  /** Whether everything holds after a crash. */
  check(): Promise<void>
  /** Presents all that they ever used up as if it were new, at the end of everything. */
  presentAll(): Promise<void>
}

/** What acts are made of. */
export interface Cast {
  stage: Stage
  keeping: Keeping
}

export type User = Awaited<ReturnType<typeof newUser>>

/** A user; what they do of their own is theirs to say. */
export abstract class UserActor implements Actor {
  readonly account: Account
  protected readonly stage: Stage
  protected readonly user: User
  readonly #operator: CountersignClient
  readonly #api: CountersignClient
  readonly #consumed: Act[] = []
  /** Tokens that were earned and not yet consumed. */
  readonly #earned: { token: string; jti: string; scope: string }[] = []

  constructor({ stage, keeping }: Cast, user: User) {
    const { environment } = DEMO
    this.stage = stage
    this.user = user
    this.account = new Account({ environment, subject: user.subject }, keeping)
    this.#operator = keeping.operator
    const [url] = stage.fronts
    const bearer = () => stage.resourceKey
    this.#api = createClient({ url: given(url, 'a front'), environment, bearer })
  }

  /** The next thing to do beside consuming what was earned. */
  protected abstract own(): Promise<Act | undefined>

  async next(): Promise<boolean> {
    const earned = this.#earned.shift()
    const act = earned ? this.#consumption(earned) : await this.own()
    if (act) await this.account.does(act)
    return act !== undefined
  }

  async check(): Promise<void> {
    await this.account.check()
    const { subject } = this.user
    const view = await this.#operator.subject.get.query({ environment: DEMO.environment, subject })
    const { seen } = this.account.chain
    const { consecutiveFailures, failuresLastDay } = view.attempts
    this.account.compareFailures(consecutiveFailures, failuresLastDay)
    const expected = {
      factors: seen.get('confirmation') ?? 0,
      enrolled: seen.has('confirmation'),
      recovery: seen.has('confirmation')
        ? RECOVERY_CODE_COUNT - (seen.get('passed recovery') ?? 0)
        : 0,
    }
    const found = {
      factors: view.factors.length,
      enrolled: view.enrolled,
      recovery: view.recovery.remaining,
    }
    this.account.expect('what the user has', found, expected)
  }

  async presentAll(): Promise<void> {
    for (const act of this.#consumed) await this.account.presentAsNew(act, 'token_expired')
  }

  protected earn(answer: {
    elevatedToken?: { token: string; jti: string; scopes: string[] } | undefined
  }): Acknowledged {
    const { token, jti, scopes } = given(answer.elevatedToken, 'an elevated token')
    const [scope = ''] = scopes
    if (!scope.startsWith('credential:')) this.#earned.push({ token, jti, scope })
    return { names: [`token ${jti}`] }
  }

  protected async assertion(): Promise<Act> {
    const { subject, client } = this.user
    const { token } = await this.stage.application.vouch(subject, SCOPE, this.stage.issuer)
    return {
      kind: 'assertion',
      total: 'passed assertion',
      again: 'assertion_invalid',
      call: async () => this.earn(await client.token.exchange.mutate({ assertion: token })),
    }
  }

  #consumption({ token, jti, scope }: { token: string; jti: string; scope: string }): Act {
    const { subject } = this.user
    const consume = async (idempotencyKey: string) => {
      const input = { token, subject, scope, idempotencyKey }
      const { replayed } = await this.#api.token.consume.mutate(input)
      return { names: [`consumption ${jti}`], replayed }
    }
    const key = randomUUID()
    const act: Act = {
      kind: 'consumption',
      total: 'consumption',
      again: 'token_used',
      call: () => consume(key),
      otherKey: () => consume(randomUUID()),
    }
    this.#consumed.push(act)
    return act
  }
}
