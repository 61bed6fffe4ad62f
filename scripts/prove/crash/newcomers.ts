// New users: they enroll a factor and use everything that it gives, once each, in random order.
import type { TOTP } from 'otpauth'
import type { Authenticator } from '../../../test/support/authenticator.ts'
import { given } from '../../tour/users.ts'
import {
  answered,
  codeOf,
  millisecondsLeft,
  newPasskeyDevice,
  registered,
  STEP_MILLISECONDS,
  withApp,
} from '../users.ts'
import { type Acknowledged, unheard } from './act.ts'
import {
  type ActorContext,
  orderOf,
  type User,
  type UserAct,
  UserActor,
  type UserCall,
} from './user-actor.ts'

/** If less of a step is left, the previous code would be too old when it arrives. */
const ENOUGH_MILLISECONDS = 5_000
/** How often a passkey with a counter is used. */
const SIGNATURES = 3

/** Enrolls an authenticator app, and uses correct and wrong codes. */
export class AppNewcomer extends UserActor {
  #pending: { factorId: string; app: TOTP } | undefined
  #app: TOTP | undefined
  /** The step whose code was used last. */
  #step = 0
  #recoveryCodes: string[] = []
  readonly #plan = shuffled([
    'wrong',
    'wrong',
    'step',
    'recovery',
    'recovery',
    'assertion',
  ] as const)

  protected async own(): Promise<UserAct | undefined> {
    if (!this.#pending) return this.#enrollment()
    if (!this.#app) return this.#confirmation(this.#pending)
    for (let next = this.#plan.pop(); next; next = this.#plan.pop()) {
      const act = await this.#planned(next, this.#app)
      if (act) return act
    }
    return undefined
  }

  async #planned(
    what: 'wrong' | 'step' | 'recovery' | 'assertion',
    app: TOTP,
  ): Promise<UserAct | undefined> {
    switch (what) {
      case 'wrong':
        return this.account.mayFail ? this.#wrongCode(app) : undefined
      case 'step':
        return this.#step < stepNow() ? this.#totpStep(app) : undefined
      case 'recovery':
        return this.#recoveryCode(this.#recoveryCodes.pop())
      case 'assertion':
        return this.assertion()
    }
  }

  #enrollment(): UserAct {
    return {
      kind: 'enrollment',
      model: (heard) => startOf('totp', heard),
      call: async () => {
        this.#pending = await withApp(this.user.client)
        return { id: this.#pending.factorId }
      },
    }
  }

  /** Confirms with the previous code, if it is valid for long enough, so that the current one is not used yet. */
  #confirmation({ factorId, app }: { factorId: string; app: TOTP }): UserAct {
    const back = millisecondsLeft() < ENOUGH_MILLISECONDS ? 0 : -1
    const code = codeOf(app, back)
    const step = stepNow() + back
    this.#step = step
    return {
      kind: 'confirmation',
      again: true,
      model: (heard) => ({
        call: { verb: 'confirmTotp', id: factorId, step },
        ...(heard?.recoveryCodes && { codes: heard.recoveryCodes }),
      }),
      onUnheard: () => {
        this.#app = app
      },
      call: async () => {
        const input = { kind: 'totp' as const, factorId, code }
        const { recoveryCodes = [] } = await this.user.client.factor.confirm.mutate(input)
        this.#app = app
        // A copy, because the model keeps the original list.
        this.#recoveryCodes = [...recoveryCodes]
        return { id: factorId, recoveryCodes }
      },
    }
  }

  #wrongCode(app: TOTP): UserAct {
    const right = [-1, 0, 1, 2].map((step) => codeOf(app, step))
    const code = ['000000', '111111', '222222', '333333', '444444'].find(
      (guess) => !right.includes(guess),
    )
    return {
      kind: 'wrong code',
      model: () => this.#totpCall(null),
      call: () => this.#verify({ method: 'totp', code: given(code, 'a wrong code') }),
    }
  }

  #totpStep(app: TOTP): UserAct {
    const code = codeOf(app, 0)
    const step = stepNow()
    this.#step = step
    return {
      kind: 'TOTP step',
      again: true,
      model: (heard) => this.#totpCall(step, heard),
      call: () => this.#verify({ method: 'totp', code, requestedScopes: ['wallet:export'] }),
    }
  }

  #recoveryCode(code: string | undefined): UserAct | undefined {
    if (code === undefined) return undefined
    return {
      kind: 'recovery code',
      again: true,
      model: (heard) => ({ call: { verb: 'stepUpRecovery', code, order: orderOf(heard) } }),
      call: () => this.#verify({ method: 'recovery', code, requestedScopes: ['credential:link'] }),
    }
  }

  #totpCall(step: number | null, heard?: Acknowledged): UserCall {
    const id = this.#pending?.factorId ?? ''
    return { call: { verb: 'stepUpTotp', of: id, id: undefined, step, order: orderOf(heard) } }
  }

  async #verify(input: {
    method: 'totp' | 'recovery'
    code: string
    requestedScopes?: string[]
  }): Promise<Acknowledged> {
    return this.earn(await this.user.client.challenge.verify.mutate(input))
  }
}

/** Enrolls a passkey. Subclasses say how it is used. */
abstract class PasskeyHolder extends UserActor {
  protected device: Authenticator
  #pending: Awaited<ReturnType<typeof registered>> | undefined
  #confirmed = false

  constructor(context: ActorContext, user: User) {
    super(context, user)
    this.device = newPasskeyDevice(context.setup)
  }

  /** Returns the next call with the passkey. */
  protected abstract use(): Promise<UserAct | undefined>

  protected async own(): Promise<UserAct | undefined> {
    if (!this.#pending) return this.#enrollment()
    return this.#confirmed ? this.use() : this.#confirmation(this.#pending)
  }

  protected stepUpOf(
    shown: { nonce: string; good: boolean; counter?: number },
    heard?: Acknowledged,
  ): UserCall {
    const id = this.#pending?.factorId ?? ''
    return { call: { verb: 'stepUpPasskey', id, ...shown, order: orderOf(heard) } }
  }

  #enrollment(): UserAct {
    return {
      kind: 'enrollment',
      model: (heard) => startOf('passkey', heard),
      call: async () => {
        this.device = newPasskeyDevice(this.setup)
        this.#pending = await registered(this.device, this.user.client)
        return { id: this.#pending.factorId }
      },
    }
  }

  #confirmation(input: Awaited<ReturnType<typeof registered>>): UserAct {
    const nonce = unheard()
    const confirmOf = (good: boolean): UserCall => ({
      call: { verb: 'confirmPasskey', id: input.factorId, nonce, good },
    })
    return {
      kind: 'confirmation',
      again: true,
      model: () => confirmOf(true),
      half: () => confirmOf(false),
      onUnheard: () => {
        this.#confirmed = true
      },
      call: async () => {
        await this.user.client.factor.confirm.mutate(input)
        this.#confirmed = true
        return { id: input.factorId }
      },
    }
  }
}

/** Answers challenges with a passkey. */
export class PasskeyNewcomer extends PasskeyHolder {
  readonly #plan = shuffled(['challenge', 'challenge', 'assertion'] as const)

  protected async use(): Promise<UserAct | undefined> {
    const next = this.#plan.pop()
    return next === 'challenge' ? this.#challenge() : next && this.assertion()
  }

  /** Starts the challenge once, within the act, because the service stores nothing before the response. */
  #challenge(): UserAct {
    let input: Awaited<ReturnType<typeof answered>> | undefined
    const nonce = unheard()
    return {
      kind: 'passkey challenge',
      again: true,
      model: (heard) => this.stepUpOf({ nonce, good: true }, heard),
      half: () => this.stepUpOf({ nonce, good: false }),
      call: async () => {
        input ??= await answered(this.device, this.user.client, ['wallet:export'])
        return this.earn(await this.user.client.challenge.verify.mutate(input))
      },
    }
  }
}

/** Uses a passkey with a signature counter, and a copy of it that shows the same counter again. */
export class CopiedPasskeyNewcomer extends PasskeyHolder {
  #count = 0

  protected async use(): Promise<UserAct | undefined> {
    return this.#count < SIGNATURES ? this.#signature(++this.#count) : undefined
  }

  override async check(): Promise<void> {
    await super.check()
    const others = [...this.account.chain.faults].filter((fault) => fault !== 'counter')
    this.account.expect('what else than a count was refused', others, () => [])
  }

  /** Gives each call its own challenge, so that only the counter can refuse a repetition. */
  #signature(counter: number): UserAct {
    return {
      kind: 'signature count',
      again: true,
      model: (heard) => this.stepUpOf({ nonce: unheard(), good: true, counter }, heard),
      half: () => this.stepUpOf({ nonce: unheard(), good: false }),
      call: async () => {
        const { client } = this.user
        const input = await answered(this.device, client, ['wallet:export'], { counter })
        return this.earn(await client.challenge.verify.mutate(input))
      },
    }
  }
}

/** Returns the enrollment of a first factor for the model. */
const startOf = (kind: 'totp' | 'passkey', heard?: Acknowledged): UserCall => ({
  call: {
    ...{ verb: 'start', id: heard?.id ?? unheard(), kind, fresh: true },
    gate: { jti: undefined, methods: [], acr: 'mfa' },
  },
})

const stepNow = (): number => Math.floor(Date.now() / STEP_MILLISECONDS)

function shuffled<T>(all: readonly T[]): T[] {
  return all
    .map((one) => ({ one, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ one }) => one)
}
