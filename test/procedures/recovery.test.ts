// Recovery codes: their form, how they can be typed, their single use, the few things that they allow, and how
// new codes end the old ones.
import { describe, expect, it } from 'vitest'
import { earnWithPasskey, enrollPasskey, makeDevice } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyOf } from '../support/evidence.ts'
import { partsOf } from '../support/jwt.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  refusedBy,
  stepUp,
  type TestUser,
  wrongCode,
} from '../support/service.ts'

restartClockAfterEach()

const NOBODYS = 'ABCD-EFGH-JKMN-PQRS-TVWX-YZ01'

/** A user with TOTP and ten codes. The code of now is still good. */
async function scene(settings: Parameters<typeof makeEnvironment>[0] = {}) {
  stopClock()
  const environment = await makeEnvironment(settings)
  const user = await environment.user()
  const { factorId, secret, recoveryCodes } = await enrollTotp(user)
  const [first = '', second = '', third = ''] = recoveryCodes
  const whom = { environment: environment.id, subject: user.subject }
  const view = () => operator.subject.get.query(whom)
  return { environment, user, factorId, secret, recoveryCodes, first, second, third, whom, view }
}

const recover = (user: TestUser, code: string, requestedScopes?: string[]) =>
  user.client.challenge.verify.mutate({
    method: 'recovery',
    code,
    ...(requestedScopes && { requestedScopes }),
  })

const tokenFor = async (user: TestUser, code: string, scope: string) =>
  (await recover(user, code, [scope])).elevatedToken?.token ?? ''

describe('recovery codes', () => {
  it('are ten of 24 Crockford characters, all different, and shown once', async () => {
    const { user, secret, recoveryCodes } = await scene()
    expect(recoveryCodes).toHaveLength(10)
    expect(new Set(recoveryCodes).size).toBe(10)
    for (const code of recoveryCodes)
      expect(code).toMatch(/^(?:[0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
    const { token } = await stepUp(user, secret, ['credential:link'])
    const second = await enrollTotp(user, token)
    expect(second.recoveryCodes).toEqual([])
    const listed = await user.client.factor.list.query()
    expect(listed.recovery).toEqual({ remaining: 10, total: 10, acknowledged: false })
    const seen = JSON.stringify([listed, await user.client.audit.list.query({})])
    for (const code of recoveryCodes) {
      expect(seen).not.toContain(code)
      expect(seen).not.toContain(code.replaceAll('-', ''))
    }
  })

  it.each([
    ['as it was shown', (code: string) => code],
    ['in lower case', (code: string) => code.toLowerCase()],
    ['without hyphens', (code: string) => code.replaceAll('-', '')],
    ['with spaces, also around it', (code: string) => ` ${code.replaceAll('-', ' ')}\n`],
    ['with O for 0', (code: string) => code.replaceAll('0', 'O').toLowerCase()],
    ['with I for 1', (code: string) => code.replaceAll('1', 'I')],
    ['with l for 1', (code: string) => code.replaceAll('1', 'l')],
  ])('may be typed %s', async (_what, typed) => {
    const { user, recoveryCodes } = await scene()
    // One that has what is to be misread, if any has.
    const code = recoveryCodes.find((one) => /0/.test(one) && /1/.test(one)) ?? recoveryCodes[0]
    expect(await recover(user, typed(code ?? ''))).toEqual({
      amr: ['recovery'],
      acr: 'recovery',
      authTime: expect.any(Number),
    })
    expect((await user.client.factor.list.query()).recovery.remaining).toBe(9)
  })

  it.each([
    ['with a character less', (code: string) => code.slice(0, -1)],
    ['with a character more', (code: string) => `${code}0`],
    ['with U, which Crockford leaves out', (code: string) => `${code.slice(0, -1)}U`],
    ['twice', (code: string) => `${code}${code}`],
    ['as nobody’s', () => NOBODYS],
    ['as white space', () => '    '],
    ['as a pattern of SQL', () => '%%%%-%%%%-%%%%-%%%%-%%%%-%%%%'],
  ])('are wrong, and counted, when typed %s', async (_what, typed) => {
    const { user, first, view } = await scene()
    const refused = await expectRefused(recover(user, typed(first)), 'invalid_code')
    expect(refused.attemptsLeft).toBe(4)
    expect(await view()).toMatchObject({
      attempts: { consecutiveFailures: 1 },
      recovery: { remaining: 10 },
    })
    await recover(user, first)
  })

  it('are each good once', async () => {
    const { user, recoveryCodes, view } = await scene()
    for (const code of recoveryCodes) {
      await recover(user, code)
      await expectRefused(recover(user, code.toLowerCase()), 'code_already_used')
    }
    expect((await view()).recovery).toEqual({ remaining: 0, total: 10, acknowledged: false })
  })

  it.each([1, 2, 3, 4, 5])('are good once among thirty at a time (round %i)', async () => {
    const { user, first, view } = await scene()
    const outcomes = await Promise.allSettled(
      Array.from({ length: 30 }, () => recover(user, first)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await view()).recovery.remaining).toBe(9)
  })

  it('are counted with TOTP on one counter, which a right one sets back', async () => {
    const { user, secret, first, second, view } = await scene()
    const guess = () =>
      user.client.challenge.verify.mutate({ method: 'totp', code: wrongCode(secret) })
    for (const attempt of [recover(user, NOBODYS), guess(), recover(user, NOBODYS), guess()]) {
      await expectRefused(attempt, 'invalid_code')
    }
    const last = await expectRefused(recover(user, NOBODYS), 'invalid_code')
    expect(last.attemptsLeft).toBe(0)
    for (const attempt of [recover(user, first), guess()]) {
      expect(await expectRefused(attempt, 'rate_limited')).toMatchObject({ retryAfterSeconds: 30 })
    }
    advance(30)
    await recover(user, first)
    expect(await view()).toMatchObject({ attempts: { consecutiveFailures: 0 } })
    const used = await expectRefused(recover(user, first), 'code_already_used')
    expect(used.attemptsLeft).toBe(4)
    await recover(user, second)
  })

  it('say with the last wrong one, and not before, how long to wait', async () => {
    const { user } = await scene()
    for (const left of [4, 3, 2, 1]) {
      const refused = await expectRefused(recover(user, NOBODYS), 'invalid_code')
      expect(refused).toMatchObject({ attemptsLeft: left })
      expect(refused.retryAfterSeconds).toBeUndefined()
    }
    const last = { attemptsLeft: 0, retryAfterSeconds: 30 }
    expect(await expectRefused(recover(user, NOBODYS), 'invalid_code')).toMatchObject(last)
  })

  it('are counted before they are checked: of forty guesses at a time five are looked at', async () => {
    const { user, view } = await scene()
    const reasons = await Promise.all(
      Array.from({ length: 40 }, async () => (await refusedBy(recover(user, NOBODYS))).reason),
    )
    expect(reasons.filter((reason) => reason === 'invalid_code')).toHaveLength(5)
    expect(reasons.filter((reason) => reason === 'rate_limited')).toHaveLength(35)
    expect(await view()).toMatchObject({ attempts: { failuresLastDay: 5 } })
  })

  it('are nobody else’s', async () => {
    const { environment, user, first } = await scene()
    const other = await environment.user()
    await expectRefused(recover(other, first), 'enrollment_required')
    await enrollTotp(other)
    await expectRefused(recover(other, first), 'invalid_code')
    const elsewhere = await makeEnvironment()
    const namesake = await elsewhere.user({ sub: user.subject })
    await enrollTotp(namesake)
    await expectRefused(recover(namesake, first), 'invalid_code')
    await recover(user, first)
  })

  it('come with a passkey as the first factor, too', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const device = makeDevice()
    const { recoveryCodes } = await enrollPasskey(user, device)
    expect(recoveryCodes).toHaveLength(10)
    await recover(user, recoveryCodes[3] ?? '')
    const update = await earnWithPasskey(user, device, 'credential:update')
    expect((await user.with(update).recovery.regenerate.mutate()).recoveryCodes).toHaveLength(10)
  })

  it('are not there where the environment does not offer them', async () => {
    const { user, recoveryCodes } = await scene({ methods: { recovery: { enabled: false } } })
    expect(recoveryCodes).toEqual([])
    await expectRefused(recover(user, NOBODYS), 'method_not_allowed')
    await expectRefused(user.client.recovery.regenerate.mutate(), 'method_not_allowed')
    await expectRefused(user.client.recovery.acknowledge.mutate(), 'enrollment_required')
    const listed = await user.client.factor.list.query()
    expect(listed.recovery).toEqual({ remaining: 0, total: 0, acknowledged: false })
    const removal = user.client.factor.setDefault.mutate({ factorId: `fac_${'A'.repeat(22)}` })
    await expectRefused(removal, 'factor_not_found')
  })
})

describe('what a recovery code is good for', () => {
  it.each(['wallet:export', 'wallet:sign', 'user:update', 'credential:update'])(
    'is not %s, and the code is not spent on it',
    async (scope) => {
      const { user, first, view } = await scene()
      const refused = await expectRefused(recover(user, first, [scope]), 'method_not_allowed')
      expect(refused.requirement).toMatchObject({ acr: 'mfa', methods: ['totp', 'passkey'] })
      await expectRefused(recover(user, NOBODYS, [scope]), 'method_not_allowed')
      expect(await view()).toMatchObject({
        recovery: { remaining: 10 },
        attempts: { consecutiveFailures: 0 },
      })
      await recover(user, first)
    },
  )

  it.each(['credential:link', 'credential:unlink'])('is %s, at the lowest level', async (scope) => {
    const { environment, user, first } = await scene()
    const recovered = await recover(user, first, [scope])
    expect(recovered).toMatchObject({ acr: 'recovery', amr: ['recovery'] })
    expect(recovered).not.toHaveProperty('factorId')
    expect(recovered.elevatedToken).toMatchObject({
      acr: 'recovery',
      audience: environment.issuer,
      scopes: [scope],
      singleUse: true,
    })
    expect(partsOf(recovered.elevatedToken?.token ?? '').payload).toMatchObject({
      acr: 'recovery',
      amr: ['recovery'],
      scope,
      auth_time: recovered.authTime,
      singleUse: true,
    })
  })

  it('is to enroll a new factor, and to remove one that was lost', async () => {
    const { user, factorId, first, second } = await scene()
    const replacement = await enrollTotp(user, await tokenFor(user, first, 'credential:link'))
    const unlink = await tokenFor(user, second, 'credential:unlink')
    const { factors } = await user.with(unlink).factor.remove.mutate({ factorId })
    expect(factors).toMatchObject([{ factorId: replacement.factorId, isDefault: true }])
    advance(30)
    const { acr } = await stepUp(user, replacement.secret, ['wallet:export'])
    expect(acr).toBe('mfa')
  })

  it('makes the factor that it enrolls the default, because the one before was lost', async () => {
    const { user, first } = await scene()
    const replacement = await enrollTotp(user, await tokenFor(user, first, 'credential:link'))
    const defaultOf = async () =>
      (await user.client.factor.list.query()).factors.filter(({ isDefault }) => isDefault)
    expect(await defaultOf()).toMatchObject([{ factorId: replacement.factorId }])
    advance(30)
    const { token } = await stepUp(user, replacement.secret, ['credential:link'])
    await enrollTotp(user, token)
    expect(await defaultOf()).toMatchObject([{ factorId: replacement.factorId }])
  })

  it('is not even to enroll where the operator wants more for that', async () => {
    const { user, first, view } = await scene({
      actions: [{ action: 'credential.link', base: { acr: 'mfa' } }],
    })
    await expectRefused(recover(user, first, ['credential:link']), 'method_not_allowed')
    expect((await view()).recovery.remaining).toBe(10)
  })

  it('is what a rule of the operator’s own says', async () => {
    const { user, first } = await scene({
      actions: [{ action: 'help.call', scope: 'help:call', base: { acr: 'recovery' } }],
    })
    expect((await recover(user, first, ['help:call'])).elevatedToken).toMatchObject({
      acr: 'recovery',
      singleUse: true,
    })
  })
})

describe('new recovery codes', () => {
  it('need a token of credential:update, which no recovery code gives', async () => {
    const { user, secret, first } = await scene()
    const regenerate = (token?: string) => user.with(token).recovery.regenerate.mutate()
    const refused = await expectRefused(regenerate(), 'step_up_required')
    expect(refused.requirement).toMatchObject({
      scope: 'credential:update',
      acr: 'mfa',
      methods: ['totp', 'passkey'],
    })
    const link = await tokenFor(user, first, 'credential:link')
    await expectRefused(regenerate(link), 'scope_not_allowed')
    const { token } = await stepUp(user, secret, ['credential:update'])
    expect((await regenerate(token)).recoveryCodes).toHaveLength(10)
    await expectRefused(regenerate(token), 'token_used')
  })

  it('end the old ones, spent or not, and the tokens that those gave', async () => {
    const { user, secret, first, second, third, recoveryCodes, view } = await scene()
    const link = await tokenFor(user, first, 'credential:link')
    const unlink = await tokenFor(user, second, 'credential:unlink')
    const { token } = await stepUp(user, secret, ['credential:update'])
    const fresh = await user.with(token).recovery.regenerate.mutate()
    expect(fresh.recoveryCodes.filter((code) => recoveryCodes.includes(code))).toEqual([])
    await expectRefused(user.with(link).factor.enroll.mutate({ kind: 'totp' }), 'token_revoked')
    expect(await user.client.token.introspect.query({ token: unlink })).toEqual({ active: false })
    for (const code of [first, third]) await expectRefused(recover(user, code), 'invalid_code')
    expect((await view()).recovery).toEqual({ remaining: 10, total: 10, acknowledged: false })
    await recover(user, fresh.recoveryCodes[0] ?? '')
  })

  it('end no token of another factor', async () => {
    const { user, secret } = await scene()
    const link = (await stepUp(user, secret, ['credential:link'])).token
    advance(30)
    const { token } = await stepUp(user, secret, ['credential:update'])
    await user.with(token).recovery.regenerate.mutate()
    await enrollTotp(user, link)
  })

  it('are told of in the history, without the codes', async () => {
    const { user, secret, whom } = await scene()
    const { token, jti } = await stepUp(user, secret, ['credential:update'])
    const { recoveryCodes } = await user.with(token).recovery.regenerate.mutate()
    const events = await historyOf(whom.environment, whom.subject)
    expect(events.at(-1)).toMatchObject({
      type: 'recovery.regenerated',
      actor: 'subject',
      data: { endedTokens: 0, jti },
    })
    expect(JSON.stringify(events)).not.toContain(recoveryCodes[0])
  })

  it.each([1, 2, 3])('are made once by ten uses of one token at a time (round %i)', async () => {
    const { environment, user, secret } = await scene()
    const { token } = await stepUp(user, secret, ['credential:update'])
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, async () => {
        // A client of its own for each, as `with` hands a token to one call.
        const again = await environment.user({ sub: user.subject })
        return again.with(token).recovery.regenerate.mutate()
      }),
    )
    for (const one of outcomes) {
      if (one.status === 'rejected') await expectRefused(Promise.reject(one.reason), 'token_used')
    }
    const made = outcomes.flatMap((one) =>
      one.status === 'fulfilled' ? [one.value.recoveryCodes] : [],
    )
    expect(made).toHaveLength(1)
    await recover(user, made[0]?.[0] ?? '')
  })

  it('are nothing for a user who never enrolled', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await expectRefused(user.client.recovery.regenerate.mutate(), 'enrollment_required')
    await expectRefused(user.client.recovery.acknowledge.mutate(), 'enrollment_required')
    expect(await user.client.audit.list.query({})).toEqual({ events: [] })
  })
})

describe('that a user has kept the codes', () => {
  it('is acknowledged, told of once, and asked again for new ones', async () => {
    const { user, secret, whom } = await scene()
    const acknowledge = () => user.client.recovery.acknowledge.mutate()
    const acknowledged = async () => (await user.client.factor.list.query()).recovery.acknowledged
    expect(await acknowledged()).toBe(false)
    expect(await acknowledge()).toEqual({ acknowledged: true })
    expect(await acknowledge()).toEqual({ acknowledged: true })
    expect(await acknowledged()).toBe(true)
    const events = await historyOf(whom.environment, whom.subject)
    expect(events.filter(({ type }) => type === 'recovery.acknowledged')).toHaveLength(1)
    const { token } = await stepUp(user, secret, ['credential:update'])
    await user.with(token).recovery.regenerate.mutate()
    expect(await acknowledged()).toBe(false)
  })

  it('does not outlive a reset', async () => {
    const { user, first, whom } = await scene()
    await user.client.recovery.acknowledge.mutate()
    await operator.subject.resetFactors.mutate(whom)
    expect((await user.client.factor.list.query()).recovery).toEqual({
      remaining: 0,
      total: 0,
      acknowledged: false,
    })
    await expectRefused(recover(user, first), 'enrollment_required')
    const again = await enrollTotp(user)
    expect(again.recoveryCodes).toHaveLength(10)
    await expectRefused(recover(user, first), 'invalid_code')
  })
})
