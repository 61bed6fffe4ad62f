// Floods with a stolen session or key and without a proof: they fill no history, lock no user out of a passkey,
// and keep no new user from enrolling.
import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { OPERATOR_SCOPE } from '../../contract/index.ts'
import {
  CHANGES_PER_SESSION,
  CHANGES_PER_USER,
  PASSKEY_FAILURES_PER_SESSION,
  PASSKEY_FAILURES_PER_USER,
} from '../../functions/domain/factors/throttle.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import type { AuthenticationResponse, Authenticator } from '../support/authenticator.ts'
import { enrollPasskey, finishStepUp, makeDevice, startStepUp } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyAfterTheHour } from '../support/evidence.ts'
import { bent, sendWith } from '../support/faults.ts'
import { EVENTS_PER_HOUR_MAX } from '../support/history-bound.ts'
import { expectRefusal, post } from '../support/http.ts'
import { cookieOf, holderOf, makeGuardian, pageOf } from '../support/operators.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  refusedBy,
  type TestUser,
  totpCode,
  unique,
} from '../support/service.ts'

restartClockAfterEach()
beforeEach(() => {
  stopClock()
})

/** A user with both kinds of factors, who can be signed in on any number of devices. */
async function scene() {
  const observed = { action: 'user.update', base: { mode: 'observe' as const } }
  const environment = await makeEnvironment({ actions: [observed] })
  const user = await environment.user({ sid: 'own' })
  const device = makeDevice()
  const passkey = await enrollPasskey(user, device)
  const session = (sid: string) => environment.user({ sub: user.subject, sid })
  const written = async () =>
    (await operator.audit.verify.query({ environment: environment.id, subject: user.subject }))
      .count
  return { environment, user, device, passkey, session, written }
}

const GARBAGE: AuthenticationResponse = {
  id: 'AAAA',
  rawId: 'AAAA',
  type: 'public-key',
  clientExtensionResults: {},
  authenticatorAttachment: 'platform',
  response: { clientDataJSON: 'AAAA', authenticatorData: 'AAAA', signature: 'AAAA' },
}

/** Fails a passkey step-up; what is sent costs the thief nothing to make. */
const failGarbage = async (thief: TestUser) =>
  refusedBy(finishStepUp(thief, await startStepUp(thief), GARBAGE))

/** Fails with an answer that has the right form, of the right passkey, by a wrong signature. */
async function failWellFormed(thief: TestUser, device: Authenticator) {
  const started = await startStepUp(thief)
  const answer = await device.authenticate(started.options)
  const { response } = answer
  const signature = response.signature.replace(/^.{20}/, 'MEQCIAAAAAAAAAAAAAAA')
  return refusedBy(
    finishStepUp(thief, started, { ...answer, response: { ...response, signature } }),
  )
}

async function stepsUp(user: TestUser, device: Authenticator, scopes?: string[]) {
  const started = await startStepUp(user, scopes)
  return finishStepUp(user, started, await device.authenticate(started.options))
}

describe('a stolen session that fills the history', () => {
  it('writes nothing by reading, whatever it counts in between', async () => {
    const { environment, session, written } = await scene()
    const thief = await session('stolen')
    const before = await written()
    for (let i = 0; i < 40; i += 1) {
      const answer = { method: 'passkey' as const, challenge: 'e30.e30', response: GARBAGE }
      await refusedBy(thief.client.challenge.verify.mutate(answer))
      await refusedBy(thief.client.token.exchange.mutate({ assertion: 'a.b.c' }))
      await thief.client.audit.list.query()
      await thief.client.audit.verify.query()
    }
    expect(await written()).toBe(before)
    const events = await historyAfterTheHour(environment.id, thief.subject)
    const counted = events.slice(before).map(({ type, data }) => [type, data.count])
    expect(counted).toEqual([
      ['step_up.failed', 40],
      ['step_up.failed', 40],
    ])
  })

  it('writes a reused assertion once an hour', async () => {
    const { environment, session, written } = await scene()
    const thief = await session('stolen')
    const assertion = await environment.assertion({ sub: thief.subject })
    const before = await written()
    for (let i = 0; i < 50; i += 1)
      await refusedBy(thief.client.token.exchange.mutate({ assertion }))
    expect((await written()) - before).toBeLessThanOrEqual(1)
    const events = await historyAfterTheHour(environment.id, thief.subject)
    expect(events.slice(before).length).toBeLessThanOrEqual(2)
  })

  it('writes no more than the bound of SECURITY.md, by all that it can do for two hours', async () => {
    const { environment, user, passkey, device, session, written } = await scene()
    const thieves = await Promise.all(Array.from({ length: 5 }, (_, i) => session(`stolen-${i}`)))
    const stub = env.SUBJECT.getByName(subjectObjectName(environment.id, user.subject))
    // Begins with an hour, when nothing from before is counted any more.
    advance(7200 - (Math.floor(Date.now() / 1000) % 3600))
    const before = await written()
    let renames = 0
    let failures = 0
    for (let hour = 0; hour < 2; hour += 1) {
      for (const thief of thieves) {
        await thief.signIn({ sid: unique('stolen') })
        for (let i = 0; i < CHANGES_PER_SESSION.count + 1; i += 1) {
          const label = unique('name')
          const renamed = thief.client.factor.rename.mutate({ factorId: passkey.factorId, label })
          await renamed.then(
            () => {
              renames += 1
            },
            () => {},
          )
        }
        for (let i = 0; i < PASSKEY_FAILURES_PER_SESSION.count + 1; i += 1) {
          const fail = i % 3 === 0 ? failWellFormed(thief, device) : failGarbage(thief)
          if ((await fail).reason === 'passkey_rejected') failures += 1
        }
        for (let i = 0; i < 6; i += 1) {
          const code = { method: 'totp' as const, code: '000000' }
          await refusedBy(thief.client.challenge.verify.mutate(code))
          await thief.client.policy.check.query({ action: 'user.update' })
          await refusedBy(thief.client.token.exchange.mutate({ assertion: 'a.b.c' }))
          await thief.client.audit.list.query()
        }
        advance(60)
      }
      advance(3600 - 60 * thieves.length)
      await runDurableObjectAlarm(stub)
    }
    // The limits were reached, and hold for all sessions together.
    expect(renames).toBe(2 * CHANGES_PER_USER.count)
    expect(failures).toBeGreaterThan(2 * PASSKEY_FAILURES_PER_USER.count)
    for (const thief of thieves) await thief.signIn({})
    const events = (await written()) - before
    expect(events).toBeGreaterThan(2 * (CHANGES_PER_USER.count + PASSKEY_FAILURES_PER_USER.count))
    expect(events).toBeLessThanOrEqual(2 * EVENTS_PER_HOUR_MAX)
  }, 60_000)
})

describe('a stolen session that fails passkeys', () => {
  it('takes none from the user, who steps up from another session every time', async () => {
    const { device, session, written } = await scene()
    const thief = await session('stolen')
    const before = await written()
    const outcomes = new Map<string, number>()
    const minutes = 5
    for (let minute = 0; minute < minutes; minute += 1) {
      for (let i = 0; i < PASSKEY_FAILURES_PER_SESSION.count + 2; i += 1) {
        const { reason } = await (i % 8 === 0 ? failWellFormed(thief, device) : failGarbage(thief))
        outcomes.set(reason, (outcomes.get(reason) ?? 0) + 1)
      }
      const user = await session(`own-${minute}`)
      expect(await stepsUp(user, device)).toMatchObject({ acr: 'phr' })
      advance(60)
    }
    // Some were refused for the session's sake, and above the ceiling garbage is refused without being verified.
    expect(outcomes.get('rate_limited')).toBeGreaterThan(minutes * 2)
    expect(outcomes.get('passkey_rejected')).toBeGreaterThan(PASSKEY_FAILURES_PER_USER.count)
    // One event for each failure below the ceiling and each success; one for what was counted.
    expect((await written()) - before).toBeLessThanOrEqual(
      PASSKEY_FAILURES_PER_USER.count + minutes + 1,
    )
  })

  it('has answers above the ceiling verified only with an own credential, the right form and an unused challenge', async () => {
    const { environment, user, device, session } = await scene()
    const sessions = Math.ceil(PASSKEY_FAILURES_PER_USER.count / PASSKEY_FAILURES_PER_SESSION.count)
    for (let i = 0; i < sessions; i += 1) {
      const thief = await session(`stolen-${i}`)
      for (let n = 0; n < PASSKEY_FAILURES_PER_SESSION.count; n += 1) await failGarbage(thief)
    }
    const other = await environment.user()
    const stranger = makeDevice()
    await enrollPasskey(other, stranger)
    const own = await session('own-again')
    const started = await startStepUp(own)
    const answer = await device.authenticate(started.options)
    const { id, ...request } = started.options as { id?: string } & typeof started.options
    expect(id).toBeUndefined()
    const bent = {
      'another credential': { ...answer, id: 'AAAA', rawId: 'AAAA' },
      'another challenge': await device.authenticate({ ...request, challenge: 'AAAA' }),
      'without the user': await device.authenticate(request, { userVerified: false }),
    }
    for (const [what, response] of Object.entries(bent)) {
      const { reason } = await refusedBy(finishStepUp(own, started, response))
      expect(reason, what).toBe('rate_limited')
    }
    // None of them used up the challenge.
    expect(await finishStepUp(own, started, answer)).toMatchObject({ acr: 'phr' })
    await expectRefused(finishStepUp(own, started, answer), 'challenge_used')
    const wrong = await failWellFormed(user, device)
    expect(wrong.reason).toBe('passkey_rejected')
  })
})

describe('a stolen fresh session that starts enrollments', () => {
  it('pushes out none of the user’s, and leaves them enough to enroll', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user({ sid: 'own' })
    const thief = await environment.user({ sub: user.subject, sid: 'stolen' })
    const pending = await user.client.factor.enroll.mutate({ kind: 'totp' })
    if (!('secret' in pending)) throw new Error('no TOTP secret came back')
    const starts = await Promise.allSettled(
      Array.from({ length: CHANGES_PER_SESSION.count + 5 }, () =>
        thief.client.factor.enroll.mutate({ kind: 'totp' }),
      ),
    )
    expect(starts.filter(({ status }) => status === 'rejected')).toHaveLength(5)
    const { factorId, secret } = pending
    const confirmed = await user.client.factor.confirm.mutate({
      kind: 'totp',
      factorId,
      code: totpCode(secret),
    })
    expect(confirmed.factor).toMatchObject({ factorId })
  })

  it('leaves the user a start of their own', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user({ sid: 'own' })
    const thief = await environment.user({ sub: user.subject, sid: 'stolen' })
    for (let i = 0; i < CHANGES_PER_SESSION.count; i += 1)
      await thief.client.factor.enroll.mutate({ kind: 'totp' })
    await expectRefused(thief.client.factor.enroll.mutate({ kind: 'totp' }), 'rate_limited')
    await enrollTotp(user)
    expect((await user.client.factor.list.query()).enrolled).toBe(true)
  })
})

describe('a flood of requests that nobody signed in for', () => {
  /** The Worker, and how often it has asked the Directory. */
  function watched() {
    const { namespace, asked } = bent(env.DIRECTORY, 'directory', (_verb, call) => call())
    return { asked, through: sendWith({ DIRECTORY: namespace }) }
  }

  it('reaches the Directory once in five seconds by /health', async () => {
    // What was kept before this test is older than that.
    advance(10)
    const { asked, through } = watched()
    for (let i = 0; i < 20; i += 1) expect((await through('/health')).status).toBe(200)
    expect(asked).toHaveLength(1)
    advance(5)
    expect((await through('/health')).status).toBe(200)
    expect(asked).toHaveLength(2)
  })

  it.each([
    'csk_op_',
    'csk_op_short',
    `csk_op_${'x'.repeat(42)}`,
    `csk_op_${'x'.repeat(44)}`,
    `csk_op_${'!'.repeat(43)}`,
  ])('does not reach the Directory with the key %j', async (key) => {
    const { asked, through } = watched()
    const call = await post('operator', 'operator.self', { bearer: key }, through)
    await expectRefusal(call, 401, 'unauthenticated')
    const headers = { authorization: `Bearer ${key}` }
    const signIn = await through('/console/session', { method: 'POST', headers })
    await expectRefusal(signIn, 401, 'unauthenticated')
    expect(asked).toEqual([])
  })
})

// The last one: from here on operators guard themselves.
describe('a stolen operator key', () => {
  let guardian: Awaited<ReturnType<typeof makeGuardian>>
  beforeAll(async () => {
    guardian = await makeGuardian()
  })

  it('takes none from the operator, who signs in again', async () => {
    const thief = holderOf(guardian.key, guardian.id)
    for (let minute = 0; minute < 5; minute += 1) {
      for (let i = 0; i < PASSKEY_FAILURES_PER_SESSION.count + 2; i += 1) await failGarbage(thief)
      const page = await pageOf(guardian.key, guardian.id)
      const stepped = await stepsUp(page, guardian.device, [OPERATOR_SCOPE])
      expect(stepped.elevatedToken).toMatchObject({ acr: 'phr' })
      advance(60)
    }
  })

  it('does not end the page of an operator who is in the middle of a step-up', async () => {
    const page = await pageOf(guardian.key, guardian.id)
    const started = await startStepUp(page, [OPERATOR_SCOPE])
    for (let i = 0; i < 100; i += 1) await cookieOf(guardian.key)
    const answer = await guardian.device.authenticate(started.options)
    const stepped = await finishStepUp(page, started, answer)
    expect(stepped.elevatedToken).toMatchObject({ acr: 'phr' })
  })
})
