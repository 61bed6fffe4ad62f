// The actors of the crash proof besides newcomers: veterans, who use assertions through many crashes, and an
// operator, whose changes are in the environment's chain.
import type { CountersignClient } from '../../../client/index.ts'
import { type Recorded, record } from '../../../test/state/model/state.ts'
import { DEMO } from '../../demo.ts'
import { newUser } from '../users.ts'
import { Account, type Model } from './account.ts'
import { type Act, unheard } from './act.ts'
import { AppNewcomer, CopiedPasskeyNewcomer, PasskeyNewcomer } from './newcomers.ts'
import { type Actor, type ActorContext, type UserAct, UserActor } from './user-actor.ts'

/** A veteran stops before their session expires. */
const VETERAN_MILLISECONDS = 1_200_000
/** The label of the keys that the operator creates. */
const LABEL = 'under crashes'

/** Exchanges assertions through many crashes. */
class Veteran extends UserActor {
  readonly #until = Date.now() + VETERAN_MILLISECONDS

  protected async own(): Promise<UserAct | undefined> {
    return Date.now() < this.#until ? this.assertion() : undefined
  }
}

interface OperatorState {
  recorded: Record<string, number>
}
/** The model of an operator, whose calls are the events that they write. */
const OPERATOR_MODEL: Model<OperatorState, Recorded> = {
  apply({ recorded }, event) {
    record(recorded, event)
    return 'ok'
  },
  left: () => Number.POSITIVE_INFINITY,
}

/** Creates and revokes resource keys. */
class OperatorActor implements Actor {
  readonly account: Account<OperatorState, Recorded>
  readonly #operator: CountersignClient
  /** The ids of the live keys. */
  readonly #keys: string[] = []

  constructor({ keeping }: ActorContext) {
    this.account = new Account({ environment: DEMO.environment }, keeping, OPERATOR_MODEL, {
      recorded: {},
    })
    this.#operator = keeping.operator
  }

  async next(): Promise<boolean> {
    const id = this.#keys.length > 1 ? this.#keys.shift() : undefined
    await this.account.does(id === undefined ? this.#creation() : this.#revocation(id))
    return true
  }

  async check(): Promise<void> {
    await this.account.check()
    const { resourceKeys } = await this.#operator.environment.get.query({
      environment: DEMO.environment,
    })
    const there = resourceKeys.filter(({ label }) => label === LABEL).map(({ id }) => id)
    const missing = this.#keys.filter((id) => !there.includes(id))
    this.account.expect('the keys that are missing', missing, () => [])
    // A creation in flight may have happened. Its key is revoked later too.
    this.#keys.splice(0, Number.POSITIVE_INFINITY, ...there)
  }

  async presentAll(): Promise<void> {}

  #creation(): Act<Recorded> {
    const input = { environment: DEMO.environment, audience: DEMO.wallet, label: LABEL }
    return {
      kind: 'resource key',
      model: (heard) => ({ type: 'resource_key.created', data: { id: heard?.id ?? unheard() } }),
      call: async () => {
        const { id } = await this.#operator.environment.createResourceKey.mutate(input)
        this.#keys.push(id)
        return { id }
      },
    }
  }

  #revocation(id: string): Act<Recorded> {
    return {
      kind: 'resource key',
      model: () => ({ type: 'resource_key.revoked', data: { id } }),
      call: async () => {
        const { environment } = DEMO
        await this.#operator.environment.revokeResourceKey.mutate({ environment, id })
        return { id }
      },
    }
  }
}

const ACTORS = {
  veteran: Veteran,
  app: AppNewcomer,
  passkey: PasskeyNewcomer,
  copied: CopiedPasskeyNewcomer,
} as const

export type Role = keyof typeof ACTORS

/** Creates an actor with a new user. */
export async function newActor(context: ActorContext, role: Role, index: number) {
  return new ACTORS[role](context, await newUser(context.setup, role, index))
}

export const operatorActor = (context: ActorContext): OperatorActor => new OperatorActor(context)
