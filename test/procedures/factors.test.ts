// Factors: TOTP with every setting, which codes are accepted and how often, which factor a code is checked with,
// pending enrollments, and every change of factors down to the last one.
import type { JWTPayload } from 'jose'
import { Secret } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { earnWithPasskey, enrollPasskey, makeDevice } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyOf } from '../support/evidence.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  now,
  operator,
  stepUp,
  type TestUser,
  totpCode,
  wrongCode,
} from '../support/service.ts'
import { awayFromStepEnd } from '../support/steps.ts'

restartClockAfterEach()

const EXPORT = ['wallet:export']

/** Starts an enrollment of TOTP, and returns what the page is shown. */
async function startTotp(user: TestUser, linkToken?: string, label?: string) {
  const shown = await user
    .with(linkToken)
    .factor.enroll.mutate({ kind: 'totp', ...(label !== undefined && { label }) })
  if (!('secret' in shown)) throw new Error('no TOTP secret came back')
  return shown
}

const confirmTotp = (user: TestUser, factorId: string, code: string) =>
  user.client.factor.confirm.mutate({ kind: 'totp', factorId, code })

const verify = (user: TestUser, code: string, factorId?: string) =>
  user.client.challenge.verify.mutate({ method: 'totp', code, ...(factorId && { factorId }) })

const recover = (user: TestUser, code: string | undefined, scope: string) =>
  user.client.challenge.verify
    .mutate({ method: 'recovery', code: code ?? '', requestedScopes: [scope] })
    .then(({ elevatedToken }) => elevatedToken?.token ?? '')

/** A token of the user's next code: the clock, which is stopped, moves on one step. */
async function earn(user: TestUser, secret: string, scope: string): Promise<string> {
  advance(30)
  const { elevatedToken } = await user.client.challenge.verify.mutate({
    method: 'totp',
    code: totpCode(secret),
    requestedScopes: [scope],
  })
  return elevatedToken?.token ?? ''
}

/** A user with one TOTP factor; the clock is stopped in the middle of a step. */
async function scene(settings: Parameters<typeof makeEnvironment>[0] = {}) {
  advance(45 - (stopClock() % 30))
  const environment = await makeEnvironment(settings)
  const user = await environment.user()
  return { environment, user, whom: { environment: environment.id, subject: user.subject } }
}

async function enrolled(settings: Parameters<typeof makeEnvironment>[0] = {}) {
  const at = await scene(settings)
  return { ...at, ...(await enrollTotp(at.user)) }
}

const FORMS = (['SHA1', 'SHA256', 'SHA512'] as const).flatMap((algorithm) =>
  ([6, 8] as const).flatMap((digits) =>
    ([30, 60] as const).map((periodSeconds) => ({ algorithm, digits, periodSeconds })),
  ),
)
const SECRET_BYTES = { SHA1: 20, SHA256: 32, SHA512: 64 }

describe('the name in an authenticator app', () => {
  it.each<[what: string, claims: JWTPayload, accountName: string | undefined, shown: string]>([
    ['the claim that the settings name', { name: 'Ada L.' }, undefined, 'Ada L.'],
    ['what the page gives', { name: 'Ada L.' }, 'ada@app.example', 'ada@app.example'],
    ['the domain where neither is there', {}, undefined, 'app.example'],
    ['the domain where the claim is no name', { name: 'a\u202eb' }, undefined, 'app.example'],
  ])('is %s, never the subject', async (_what, claims, accountName, shown) => {
    const environment = await makeEnvironment({ session: { nameClaim: 'name' }, rpName: 'Wallet' })
    const { client } = await environment.user(claims)
    const begun = await client.factor.enroll.mutate({
      kind: 'totp',
      ...(accountName && { accountName }),
    })
    const uri = new URL('uri' in begun ? begun.uri : '')
    expect(decodeURIComponent(uri.pathname)).toBe(`/Wallet:${shown}`)
    const passkey = await client.factor.enroll.mutate({
      kind: 'passkey',
      ...(accountName && { accountName }),
    })
    expect('options' in passkey && passkey.options.user).toMatchObject({ name: shown })
  })
})

describe('the form of TOTP', () => {
  it.each(FORMS)('may be $algorithm, $digits digits, $periodSeconds seconds', async (form) => {
    const at = await scene({ rpName: 'Wallet & Co', methods: { totp: form } })
    const { user } = at
    const shown = await startTotp(user)
    const uri = new URL(shown.uri)
    expect(`${uri.protocol}//${uri.host}`).toBe('otpauth://totp')
    expect(decodeURIComponent(uri.pathname)).toBe('/Wallet & Co:app.example')
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Wallet & Co',
      secret: shown.secret,
      algorithm: form.algorithm,
      digits: String(form.digits),
      period: String(form.periodSeconds),
    })
    const { bytes } = Secret.fromBase32(shown.secret)
    expect(bytes).toHaveLength(SECRET_BYTES[form.algorithm])
    const more = { ...form, period: form.periodSeconds }
    const code = totpCode(shown.secret, -1, more)
    expect(code).toHaveLength(form.digits)
    await confirmTotp(user, shown.factorId, code)
    expect(await verify(user, totpCode(shown.secret, 0, more))).toMatchObject({
      factorId: shown.factorId,
      acr: 'mfa',
      amr: ['otp'],
    })
  })

  it('stays what it was at enrollment when the settings change', async () => {
    const { environment, user, secret } = await enrolled()
    const totp = { algorithm: 'SHA512', digits: 8, periodSeconds: 60 } as const
    const { version } = await operator.environment.get.query({ environment: environment.id })
    const settings = { ...environment.document, methods: { totp } }
    await operator.environment.update.mutate({ environment: environment.id, settings, version })
    advance(30)
    const linkToken = await stepUp(user, secret, ['credential:link'])
    const shown = await startTotp(user, linkToken.token)
    expect(new URL(shown.uri).searchParams.get('digits')).toBe('8')
    const more = { algorithm: 'SHA512', digits: 8, period: 60 }
    await confirmTotp(user, shown.factorId, totpCode(shown.secret, 0, more))
    advance(30)
    expect(await verify(user, totpCode(secret))).toMatchObject({ acr: 'mfa' })
  })

  it('gives every enrollment a secret of its own', async () => {
    const { user } = await scene()
    const secrets = [await startTotp(user), await startTotp(user)].map(({ secret }) => secret)
    expect(new Set(secrets).size).toBe(2)
  })
})

describe('the code that confirms', () => {
  it.each([0, -1])('may be that of step %i from now', async (step) => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user)
    const { factor, recoveryCodes } = await confirmTotp(user, factorId, totpCode(secret, step))
    expect(factor).toEqual({
      factorId,
      kind: 'totp',
      label: null,
      isDefault: true,
      createdAt: now(),
      lastUsedAt: null,
    })
    expect(recoveryCodes).toHaveLength(10)
  })

  it.each([1, -2, 2, -3])('may not be that of step %i from now', async (step) => {
    const { user, whom } = await scene()
    const { factorId, secret } = await startTotp(user)
    const refused = await expectRefused(
      confirmTotp(user, factorId, totpCode(secret, step)),
      'invalid_code',
    )
    expect(refused.attemptsLeft).toBe(4)
    expect(await operator.subject.get.query(whom)).toMatchObject({
      enrolled: false,
      pendingEnrollments: 1,
      attempts: { consecutiveFailures: 1 },
    })
    await confirmTotp(user, factorId, totpCode(secret))
  })

  it('counts with those that step up, and ends no row of failures', async () => {
    const { user, secret } = await enrolled()
    const linkToken = await earn(user, secret, 'credential:link')
    const second = await startTotp(user, linkToken)
    const wrong = wrongCode(second.secret)
    await expectRefused(verify(user, wrongCode(secret)), 'invalid_code')
    const refused = await expectRefused(confirmTotp(user, second.factorId, wrong), 'invalid_code')
    expect(refused.attemptsLeft).toBe(3)
    await confirmTotp(user, second.factorId, totpCode(second.secret))
    const after = await expectRefused(verify(user, wrongCode(secret)), 'invalid_code')
    expect(after.attemptsLeft).toBe(2)
  })

  it('may be written with spaces, and has exactly the digits of its factor', async () => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user)
    const code = totpCode(secret)
    await expectRefused(confirmTotp(user, factorId, `${code}00`), 'invalid_code')
    await expectRefused(confirmTotp(user, factorId, `${code}0`), 'invalid_code')
    await expectRefused(confirmTotp(user, factorId, code.slice(1)), 'input_invalid')
    await expectRefused(confirmTotp(user, factorId, ` ${code}`), 'input_invalid')
    await confirmTotp(user, factorId, `${code.slice(0, 3)} ${code.slice(3)}`)
  })

  it('confirms once', async () => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user)
    await confirmTotp(user, factorId, totpCode(secret))
    await expectRefused(confirmTotp(user, factorId, totpCode(secret)), 'conflict')
    await expectRefused(confirmTotp(user, `fac_${'A'.repeat(22)}`, '123456'), 'factor_not_found')
  })

  it('confirms no other user’s enrollment', async () => {
    const { environment, user } = await scene()
    const { factorId, secret } = await startTotp(user)
    const other = await environment.user()
    await expectRefused(confirmTotp(other, factorId, totpCode(secret)), 'factor_not_found')
    await startTotp(other)
    await expectRefused(confirmTotp(other, factorId, totpCode(secret)), 'factor_not_found')
    await confirmTotp(user, factorId, totpCode(secret))
  })

  it.each([1, 2, 3])('confirms once among twenty at a time (round %i)', async () => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => confirmTotp(user, factorId, totpCode(secret))),
    )
    const passed = outcomes.filter(({ status }) => status === 'fulfilled')
    expect(passed).toHaveLength(1)
    expect((await user.client.factor.list.query()).factors).toHaveLength(1)
  })

  it('mints no token', async () => {
    const { user, whom } = await scene()
    const { factorId, secret } = await startTotp(user)
    const confirmed = await confirmTotp(user, factorId, totpCode(secret))
    expect(Object.keys(confirmed).sort()).toEqual(['factor', 'recoveryCodes'])
    expect(await operator.subject.get.query(whom)).toMatchObject({ liveTokens: 0 })
  })
})

describe('a step', () => {
  it('is good once, beginning with the code that confirmed', async () => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user)
    await confirmTotp(user, factorId, totpCode(secret))
    await expectRefused(verify(user, totpCode(secret)), 'code_already_used')
    await expectRefused(verify(user, totpCode(secret, -1)), 'code_already_used')
    advance(30)
    await verify(user, totpCode(secret))
    await expectRefused(verify(user, totpCode(secret)), 'code_already_used')
  })

  it('is not good after a newer one, and the newer one is good after it', async () => {
    const { user, secret } = await enrolled()
    advance(60)
    await verify(user, totpCode(secret, -1))
    await verify(user, totpCode(secret))
    advance(60)
    await verify(user, totpCode(secret))
    await expectRefused(verify(user, totpCode(secret, -1)), 'code_already_used')
  })

  it.each([1, -2, 2, 10, -10])('is not good %i from now', async (step) => {
    const { user, secret } = await enrolled()
    advance(600)
    await expectRefused(verify(user, totpCode(secret, step)), 'invalid_code')
  })

  it('lasts to its last second, and one step more', async () => {
    const { user, secret } = await enrolled()
    advance(60)
    const code = totpCode(secret)
    advance(30 - (now() % 30) + 30)
    await expectRefused(verify(user, code), 'invalid_code')
    const next = totpCode(secret)
    advance(59)
    expect(await verify(user, next)).toMatchObject({ authTime: now() })
  })

  it.each([1, 2, 3, 4, 5])('is good once among thirty at a time (round %i)', async () => {
    const { user, secret, whom } = await enrolled()
    const attempts = Array.from({ length: 30 }, () => verify(user, totpCode(secret)))
    const outcomes = await Promise.allSettled(attempts)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const passed = (await historyOf(whom.environment, whom.subject)).filter(
      ({ type }) => type === 'step_up.passed',
    )
    expect(passed).toHaveLength(1)
  })

  it('is spent on nothing that cannot be granted', async () => {
    const { user, secret, whom } = await enrolled()
    const code = totpCode(secret)
    for (const requestedScopes of [['no:such'], ['wallet:sign', 'credential:link']]) {
      const asked = { method: 'totp', code, requestedScopes } as const
      await expectRefused(user.client.challenge.verify.mutate(asked), 'scope_not_allowed')
    }
    expect(await operator.subject.get.query(whom)).toMatchObject({
      attempts: { consecutiveFailures: 0, failuresLastDay: 0 },
    })
    await verify(user, code)
  })
})

describe('several TOTP factors', () => {
  /** A user with two of them: the first is the default. */
  async function two() {
    const at = await enrolled()
    const linkToken = await earn(at.user, at.secret, 'credential:link')
    const second = await enrollTotp(at.user, linkToken)
    advance(60)
    return { ...at, second }
  }

  it('are told apart by their id', async () => {
    const { user, secret, factorId, second } = await two()
    const named = await verify(user, totpCode(second.secret), second.factorId)
    expect(named).toMatchObject({ factorId: second.factorId })
    await expectRefused(verify(user, totpCode(secret), second.factorId), 'invalid_code')
    await expectRefused(verify(user, totpCode(secret), `fac_${'A'.repeat(22)}`), 'factor_not_found')
    expect(await verify(user, totpCode(secret), factorId)).toMatchObject({ factorId })
  })

  it('are tried one alone: the default where none is named', async () => {
    const { user, secret, factorId, second } = await two()
    await expectRefused(verify(user, totpCode(second.secret)), 'invalid_code')
    expect(await verify(user, totpCode(secret))).toMatchObject({ factorId })
    const update = await earn(user, secret, 'credential:update')
    const changed = await user.with(update).factor.setDefault.mutate({ factorId: second.factorId })
    expect(changed.factors.map(({ isDefault }) => isDefault)).toEqual([false, true])
    advance(30)
    await expectRefused(verify(user, totpCode(secret)), 'invalid_code')
    expect(await verify(user, totpCode(second.secret))).toMatchObject({ factorId: second.factorId })
  })

  it('are tried by their last use where the default is a passkey', async () => {
    const { user, secret, factorId, second } = await two()
    const device = makeDevice()
    const linkToken = await earn(user, secret, 'credential:link')
    const passkey = await enrollPasskey(user, device, { linkToken })
    const update = await earnWithPasskey(user, device, 'credential:update')
    await user.with(update).factor.setDefault.mutate({ factorId: passkey.factorId })
    advance(30)
    expect(await verify(user, totpCode(secret))).toMatchObject({ factorId })
    advance(1)
    await verify(user, totpCode(second.secret), second.factorId)
    advance(30)
    await expectRefused(verify(user, totpCode(secret)), 'invalid_code')
    expect(await verify(user, totpCode(second.secret))).toMatchObject({ factorId: second.factorId })
  })

  it('have steps of their own', async () => {
    const { user, secret, second } = await two()
    await verify(user, totpCode(secret))
    await verify(user, totpCode(second.secret), second.factorId)
    await expectRefused(verify(user, totpCode(second.secret), second.factorId), 'code_already_used')
  })

  it('are at most five', async () => {
    const { user, secret } = await enrolled()
    for (let count = 1; count < 5; count += 1) {
      await enrollTotp(user, await earn(user, secret, 'credential:link'))
    }
    const link = await earn(user, secret, 'credential:link')
    await expectRefused(startTotp(user, link), 'factor_limit_reached')
    expect((await user.client.factor.list.query()).factors).toHaveLength(5)
    await enrollPasskey(user, makeDevice(), { linkToken: link })
  })

  it('are at most five, however many enrollments were opened below that', async () => {
    const { user, secret } = await enrolled()
    for (let count = 1; count < 4; count += 1) {
      await enrollTotp(user, await earn(user, secret, 'credential:link'))
    }
    const fifth = await startTotp(user, await earn(user, secret, 'credential:link'))
    const sixth = await startTotp(user, await earn(user, secret, 'credential:link'))
    await confirmTotp(user, fifth.factorId, totpCode(fifth.secret))
    await expectRefused(
      confirmTotp(user, sixth.factorId, totpCode(sixth.secret)),
      'factor_limit_reached',
    )
  })

  it('give way to none that is still pending', async () => {
    const { user, factorId, secret } = await enrolled()
    const pending = await startTotp(user, await earn(user, secret, 'credential:link'))
    await expectRefused(
      verify(user, totpCode(pending.secret), pending.factorId),
      'factor_not_found',
    )
    const renamed = user.client.factor.rename.mutate({ factorId: pending.factorId, label: 'x' })
    await expectRefused(renamed, 'factor_not_found')
    const { factors } = await user.client.factor.list.query()
    expect(factors.map((factor) => factor.factorId)).toEqual([factorId])
  })
})

describe('a pending enrollment', () => {
  it('is one of five: a sixth takes the place of the oldest', async () => {
    const { user, whom } = await scene()
    const started = []
    for (let count = 0; count < 6; count += 1) {
      started.push(await startTotp(user))
      advance(1)
    }
    expect(await operator.subject.get.query(whom)).toMatchObject({ pendingEnrollments: 5 })
    const [oldest, next] = started
    await expectRefused(
      confirmTotp(user, oldest?.factorId ?? '', totpCode(oldest?.secret ?? '')),
      'factor_not_found',
    )
    await confirmTotp(user, next?.factorId ?? '', totpCode(next?.secret ?? ''))
  })

  it('is one of five also when all were started in one second', async () => {
    const { user } = await scene()
    const started = []
    for (let count = 0; count < 6; count += 1) started.push(await startTotp(user))
    const [oldest, next] = started
    await expectRefused(confirmTotp(user, oldest?.factorId ?? '', '123456'), 'factor_not_found')
    await confirmTotp(user, next?.factorId ?? '', totpCode(next?.secret ?? ''))
  })

  it('lasts 600 seconds', async () => {
    const { user, whom } = await scene()
    const start = now()
    const [kept, late] = [await startTotp(user), await startTotp(user)]
    expect(late.expiresAt).toBe(start + 600)
    advance(599)
    await expectRefused(confirmTotp(user, kept.factorId, wrongCode(kept.secret)), 'invalid_code')
    advance(1)
    await expectRefused(
      confirmTotp(user, late.factorId, totpCode(late.secret)),
      'challenge_expired',
    )
    expect(await operator.subject.get.query(whom)).toMatchObject({ pendingEnrollments: 0 })
  })

  it('is confirmed in its last second', async () => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user)
    advance(599)
    await confirmTotp(user, factorId, totpCode(secret))
  })

  it('ends when another one becomes the first factor, because that user did not start it', async () => {
    const { user, whom } = await scene()
    const attackers = [await startTotp(user), await startTotp(user)]
    const { factorId, secret } = await startTotp(user)
    await confirmTotp(user, factorId, totpCode(secret))
    for (const pending of attackers) {
      await expectRefused(
        confirmTotp(user, pending.factorId, totpCode(pending.secret)),
        'factor_not_found',
      )
    }
    expect(await operator.subject.get.query(whom)).toMatchObject({ pendingEnrollments: 0 })
  })

  it.each([1, 2, 3])('becomes the first factor alone among five (round %i)', async () => {
    const { user } = await scene()
    const started = []
    for (let count = 0; count < 5; count += 1) started.push(await startTotp(user))
    const outcomes = await Promise.allSettled(
      started.map(({ factorId, secret }) => confirmTotp(user, factorId, totpCode(secret))),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await user.client.factor.list.query()).factors).toHaveLength(1)
  })

  it('does not end when a further factor is confirmed', async () => {
    const { user, secret } = await enrolled()
    const one = await startTotp(user, await earn(user, secret, 'credential:link'))
    const two = await startTotp(user, await earn(user, secret, 'credential:link'))
    await confirmTotp(user, one.factorId, totpCode(one.secret))
    await confirmTotp(user, two.factorId, totpCode(two.secret))
  })

  it('ends with the factor whose token opened it, and with no other', async () => {
    const { user, factorId, secret } = await enrolled()
    const second = await enrollTotp(user, await earn(user, secret, 'credential:link'))
    const byFirst = await startTotp(user, await earn(user, secret, 'credential:link'))
    advance(60)
    const earnSecond = async (scope: string) => {
      advance(30)
      const { elevatedToken } = await user.client.challenge.verify.mutate({
        method: 'totp',
        factorId: second.factorId,
        code: totpCode(second.secret),
        requestedScopes: [scope],
      })
      return elevatedToken?.token ?? ''
    }
    const bySecond = await startTotp(user, await earnSecond('credential:link'))
    const unlink = await earnSecond('credential:unlink')
    await user.with(unlink).factor.remove.mutate({ factorId })
    await expectRefused(
      confirmTotp(user, byFirst.factorId, totpCode(byFirst.secret)),
      'factor_not_found',
    )
    await confirmTotp(user, bySecond.factorId, totpCode(bySecond.secret))
  })

  it.each(['resetFactors', 'endTokens'] as const)('ends with %s', async (act) => {
    const { user, secret, whom } = await enrolled()
    const pending = await startTotp(user, await earn(user, secret, 'credential:link'))
    await operator.subject[act].mutate(whom)
    expect(await operator.subject.get.query(whom)).toMatchObject({ pendingEnrollments: 0 })
    await expectRefused(
      confirmTotp(user, pending.factorId, totpCode(pending.secret)),
      'factor_not_found',
    )
  })

  it('that a recovery code opened ends with the codes', async () => {
    const { user, secret, recoveryCodes } = await enrolled()
    const pending = await startTotp(user, await recover(user, recoveryCodes[0], 'credential:link'))
    const update = await earn(user, secret, 'credential:update')
    await user.with(update).recovery.regenerate.mutate()
    await expectRefused(
      confirmTotp(user, pending.factorId, totpCode(pending.secret)),
      'factor_not_found',
    )
  })
})

describe('a label', () => {
  it.each([
    ['in any language', 'Телефон 電話 هاتف'],
    ['with joined emoji', '👩‍💻 🏳️‍🌈 👨‍👩‍👧‍👦'],
    ['of 64 characters', 'ü'.repeat(64)],
    ['of 64 characters beyond the first plane', '🔑'.repeat(64)],
  ])('is kept as it was given: %s', async (_what, label) => {
    const { user } = await scene()
    const { factorId, secret } = await startTotp(user, undefined, label)
    const { factor } = await confirmTotp(user, factorId, totpCode(secret))
    expect(factor.label).toBe(label)
    expect((await user.client.factor.list.query()).factors[0]?.label).toBe(label)
  })

  it('is kept with a passkey too', async () => {
    const { user } = await scene()
    const started = await user.client.factor.enroll.mutate({ kind: 'passkey', label: '🔐' })
    expect(started.factorId).toMatch(/^fac_[A-Za-z0-9_-]{22}$/)
    await expectRefused(
      user.client.factor.enroll.mutate({ kind: 'passkey', label: 'a\u202eb' }),
      'input_invalid',
    )
  })

  it('is changed, and taken away, without a token', async () => {
    const { user, factorId, whom } = await enrolled()
    await user.signIn({ auth_time: now() - 3000 })
    const rename = (label?: string) =>
      user.client.factor.rename.mutate({ factorId, ...(label !== undefined && { label }) })
    expect((await rename('Phone')).factors[0]?.label).toBe('Phone')
    for (const label of ['', 'a'.repeat(65), 'a\u202eb', 'a\u0007b']) {
      await expectRefused(rename(label), 'input_invalid')
    }
    expect((await user.client.factor.list.query()).factors[0]?.label).toBe('Phone')
    expect((await rename()).factors[0]?.label).toBeNull()
    const events = await historyOf(whom.environment, whom.subject)
    expect(events.filter(({ type }) => type === 'factor.renamed')).toHaveLength(2)
  })

  it('is changed by its user alone', async () => {
    const { environment, factorId } = await enrolled()
    const other = await environment.user()
    const rename = () => other.client.factor.rename.mutate({ factorId, label: 'mine' })
    await expectRefused(rename(), 'factor_not_found')
    await enrollTotp(other)
    await expectRefused(rename(), 'factor_not_found')
  })
})

describe('a change of factors', () => {
  it('needs a token of its own scope', async () => {
    const { user, secret, factorId } = await enrolled()
    const setDefault = (token?: string) => user.with(token).factor.setDefault.mutate({ factorId })
    const remove = (token?: string) => user.with(token).factor.remove.mutate({ factorId })
    const noDefault = await expectRefused(setDefault(), 'step_up_required')
    expect(noDefault.requirement).toMatchObject({ scope: 'credential:update', acr: 'mfa' })
    const noRemoval = await expectRefused(remove(), 'step_up_required')
    expect(noRemoval.requirement).toMatchObject({ scope: 'credential:unlink' })
    const [update, unlink] = [
      await earn(user, secret, 'credential:update'),
      await earn(user, secret, 'credential:unlink'),
    ]
    await expectRefused(setDefault(unlink), 'scope_not_allowed')
    await expectRefused(remove(update), 'scope_not_allowed')
    await setDefault(update)
    await expectRefused(setDefault(update), 'token_used')
    expect((await remove(unlink)).factors).toEqual([])
  })

  it('of a factor that is not there spends no token', async () => {
    const { user, secret, factorId } = await enrolled()
    const unlink = await earn(user, secret, 'credential:unlink')
    const nowhere = { factorId: `fac_${'A'.repeat(22)}` }
    await expectRefused(user.with(unlink).factor.remove.mutate(nowhere), 'factor_not_found')
    expect((await user.with(unlink).factor.remove.mutate({ factorId })).factors).toEqual([])
  })

  it('moves the default on to the factor used last', async () => {
    const { user, factorId, secret } = await enrolled()
    const second = await enrollTotp(user, await earn(user, secret, 'credential:link'))
    const third = await enrollTotp(user, await earn(user, secret, 'credential:link'))
    advance(60)
    await verify(user, totpCode(second.secret), second.factorId)
    const unlink = await earn(user, secret, 'credential:unlink')
    const { factors } = await user.with(unlink).factor.remove.mutate({ factorId })
    expect(factors.map((factor) => [factor.factorId, factor.isDefault]).sort()).toEqual(
      [
        [second.factorId, true],
        [third.factorId, false],
      ].sort(),
    )
    advance(30)
    expect(await verify(user, totpCode(second.secret))).toMatchObject({ factorId: second.factorId })
  })

  it('leaves the default where it is when another factor goes', async () => {
    const { user, factorId, secret } = await enrolled()
    const second = await enrollTotp(user, await earn(user, secret, 'credential:link'))
    const unlink = await earn(user, secret, 'credential:unlink')
    const { factors } = await user.with(unlink).factor.remove.mutate({ factorId: second.factorId })
    expect(factors).toMatchObject([{ factorId, isDefault: true }])
    await expectRefused(verify(user, totpCode(second.secret), second.factorId), 'factor_not_found')
  })
})

describe('the last factor', () => {
  it('goes only by a proof stronger than a recovery code', async () => {
    const { user, factorId, secret, recoveryCodes } = await enrolled()
    const byCode = await recover(user, recoveryCodes[0], 'credential:unlink')
    const remove = (token?: string) => user.with(token).factor.remove.mutate({ factorId })
    const wanted = { scope: 'credential:unlink', acr: 'mfa', methods: ['totp', 'passkey'] }
    const refused = await expectRefused(remove(byCode), 'step_up_required')
    expect(refused.requirement).toMatchObject(wanted)
    expect(refused.message).toContain('recovery code')
    // A caller without a token gets the same answer, and spends no code in vain.
    const without = await expectRefused(remove(), 'step_up_required')
    expect(without.requirement).toMatchObject(wanted)
    const byTotp = await earn(user, secret, 'credential:unlink')
    expect(await remove(byTotp)).toEqual({ factors: [] })
  })

  it('is not the last while a recovery code may still remove another', async () => {
    const { user, factorId, secret, recoveryCodes } = await enrolled()
    await enrollTotp(user, await earn(user, secret, 'credential:link'))
    const byCode = await recover(user, recoveryCodes[0], 'credential:unlink')
    const { factors } = await user.with(byCode).factor.remove.mutate({ factorId })
    expect(factors).toHaveLength(1)
  })

  it.each([1, 2, 3])('stays when two removals race for both that are left (round %i)', async () => {
    const { environment, user, factorId, secret, recoveryCodes } = await enrolled()
    const second = await enrollTotp(user, await earn(user, secret, 'credential:link'))
    const removals = [
      { id: factorId, token: await recover(user, recoveryCodes[0], 'credential:unlink') },
      { id: second.factorId, token: await recover(user, recoveryCodes[1], 'credential:unlink') },
    ]
    const outcomes = await Promise.all(
      removals.map(async ({ id, token }) => {
        // A client of its own for each, as `with` hands a token to one call.
        const again = await environment.user({ sub: user.subject })
        return again
          .with(token)
          .factor.remove.mutate({ factorId: id })
          .then(
            () => 'removed',
            (error) => error.message,
          )
      }),
    )
    expect(outcomes.toSorted()).toEqual([
      'A recovery code cannot remove the last factor: verify with a stronger method.',
      'removed',
    ])
    expect((await user.client.factor.list.query()).factors).toHaveLength(1)
  })

  it('does not open again, when it is gone, what asked for a step-up', async () => {
    const { user, whom, factorId, secret, recoveryCodes } = await enrolled()
    const unlink = await earn(user, secret, 'credential:unlink')
    await user.with(unlink).factor.remove.mutate({ factorId })
    const check = (action: string) => user.client.policy.check.query({ action })
    const left = await user.client.factor.list.query()
    expect(left).toMatchObject({ factors: [], enrolled: true, recovery: { remaining: 10 } })
    expect(await check('wallet.waas.export')).toMatchObject({
      decision: 'enroll',
      reason: 'no_usable_factor',
      methods: ['totp', 'passkey'],
    })
    // A fresh sign-in enrolls nothing any more, a recovery code does.
    await expectRefused(startTotp(user), 'step_up_required')
    expect(await check('credential.link')).toMatchObject({
      decision: 'step_up',
      methods: ['recovery'],
      acr: 'recovery',
    })
    await expectRefused(verify(user, totpCode(secret)), 'enrollment_required')
    const again = await enrollTotp(user, await recover(user, recoveryCodes[0], 'credential:link'))
    expect(again.recoveryCodes).toEqual([])
    expect(await check('wallet.waas.export')).toMatchObject({ decision: 'step_up' })
    const last = await earn(user, again.secret, 'credential:unlink')
    await user.with(last).factor.remove.mutate({ factorId: again.factorId })
    for (const code of recoveryCodes.slice(1)) await recover(user, code, 'credential:unlink')
    expect(await check('credential.link')).toMatchObject({
      decision: 'deny',
      required: true,
      reason: 'operator_reset_needed',
      methods: [],
    })
    await operator.subject.resetFactors.mutate(whom)
    expect(await check('wallet.waas.export')).toMatchObject({
      decision: 'permit',
      reason: 'not_enrolled',
    })
    await user.signIn({})
    expect((await enrollTotp(user)).recoveryCodes).toHaveLength(10)
  })
})

describe('an environment', () => {
  it.each([
    ['onboarding', true],
    ['action', false],
    ['none', false],
  ] as const)(
    'that enrolls at %s says so, and decides the same',
    async (enrollment, mustEnroll) => {
      const { user } = await scene({ enrollment })
      expect(await user.client.factor.list.query()).toEqual({
        factors: [],
        enrolled: false,
        mustEnroll,
        recovery: { remaining: 0, total: 0, acknowledged: false },
      })
      const before = await user.client.policy.check.query({ action: 'wallet.waas.export' })
      expect(before).toMatchObject({ decision: 'permit', reason: 'not_enrolled' })
      await enrollTotp(user)
      expect(await user.client.factor.list.query()).toMatchObject({
        enrolled: true,
        mustEnroll: false,
      })
    },
  )

  it('that offers no TOTP refuses it, also to who has one', async () => {
    const { environment, user, secret } = await enrolled()
    const pending = await startTotp(user, await earn(user, secret, 'credential:link'))
    const { version } = await operator.environment.get.query({ environment: environment.id })
    const settings = { ...environment.document, methods: { totp: { enabled: false } } }
    await operator.environment.update.mutate({ environment: environment.id, settings, version })
    advance(30)
    await expectRefused(startTotp(user), 'method_not_allowed')
    await expectRefused(
      confirmTotp(user, pending.factorId, totpCode(pending.secret)),
      'method_not_allowed',
    )
    await expectRefused(verify(user, totpCode(secret)), 'method_not_allowed')
    const decision = await user.client.policy.check.query({ action: 'wallet.waas.export' })
    expect(decision).toMatchObject({ decision: 'enroll', methods: ['passkey'] })
  })

  it('may lengthen the age of the sign-in that enrolls, or shorten it', async () => {
    const { environment, user } = await scene({ firstFactorSessionSeconds: 60 })
    await user.signIn({ auth_time: now() - 61 })
    await expectRefused(startTotp(user), 'session_not_fresh')
    await user.signIn({ auth_time: now() - 60 })
    await startTotp(user)
    const future = await environment.user({ auth_time: now() + 31 })
    await expectRefused(startTotp(future), 'session_not_fresh')
  })

  it('names the claim that a session token lacks, and the age of one that is too old', async () => {
    const { environment, user } = await scene()
    const { document, id } = environment
    const session = { ...document.session, authTimeClaim: 'signed_in_at' }
    await operator.environment.update.mutate({
      environment: id,
      settings: { ...document, session },
      version: 1,
    })
    await user.signIn({ auth_time: now() })
    const { message } = await expectRefused(startTotp(user), 'session_not_fresh')
    expect(message).toMatch(/no usable `signed_in_at`: add .*`firstFactor` to `assertion`/)
    await user.signIn({ signed_in_at: now() - 700 })
    const tooOld = await expectRefused(startTotp(user), 'session_not_fresh')
    expect(tooOld.message).toMatch(
      /700 seconds ago \(`signed_in_at`\), but the limit is 600 seconds/,
    )
  })
})

describe('the first factor by assertion', () => {
  const link = (environment: Awaited<ReturnType<typeof makeEnvironment>>, sub: string, more = {}) =>
    environment.assertion({ sub, scope: 'credential:link', ...more })
  const enroll = (user: TestUser, assertion?: string) =>
    user.client.factor.enroll.mutate({ kind: 'totp', ...(assertion && { assertion }) })

  it('needs one, and each opens one enrollment', async () => {
    const { environment, user } = await scene({ firstFactor: 'assertion' })
    await expectRefused(enroll(user), 'assertion_invalid')
    const assertion = await link(environment, user.subject)
    expect((await enroll(user, assertion)).factorId).toMatch(/^fac_/)
    await expectRefused(enroll(user, assertion), 'assertion_invalid')
    // Its own age is what counts, not that of the sign-in.
    await user.signIn({ auth_time: undefined })
    await enroll(user, await link(environment, user.subject))
  })

  it.each([1, 2, 3])('opens one enrollment among ten at a time (round %i)', async () => {
    const { environment, user, whom } = await scene({ firstFactor: 'assertion' })
    const assertion = await link(environment, user.subject)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => enroll(user, assertion)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(await operator.subject.get.query(whom)).toMatchObject({ pendingEnrollments: 1 })
  })

  it('takes only one about this user, for this, that is good', async () => {
    const { environment, user, whom } = await scene({ firstFactor: 'assertion' })
    const bad = [
      await link(environment, 'mallory'),
      await link(environment, user.subject, { scope: 'wallet:sign' }),
      await link(environment, user.subject, { scope: 'credential:linkage' }),
      await link(environment, user.subject, { aud: 'http://localhost:8787' }),
      await link(environment, user.subject, { exp: now() + 121 }),
      await link(environment, user.subject, { iat: now() - 100, exp: now() - 31 }),
      await environment.session({ sub: user.subject, scope: 'credential:link' }),
      'x.y.z',
    ]
    for (const assertion of bad) await expectRefused(enroll(user, assertion), 'assertion_invalid')
    expect(await operator.audit.list.query(whom)).toEqual({ events: [] })
  })

  it('does not open the second, which needs a step-up', async () => {
    const { environment, user } = await scene({ firstFactor: 'assertion' })
    const first = await enroll(user, await link(environment, user.subject))
    if (!('secret' in first)) throw new Error('no TOTP secret came back')
    await awayFromStepEnd(1_000)
    await confirmTotp(user, first.factorId, totpCode(first.secret, -1))
    const again = enroll(user, await link(environment, user.subject))
    await expectRefused(again, 'step_up_required')
    await startTotp(user, (await stepUp(user, first.secret, ['credential:link'])).token)
  })
})

describe('a token of a factor', () => {
  it('earns nothing once the code that it was for is used for another scope', async () => {
    const { user, secret } = await enrolled()
    expect((await stepUp(user, secret, EXPORT)).scopes).toEqual(EXPORT)
    const again = user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(secret),
      requestedScopes: ['wallet:sign'],
    })
    await expectRefused(again, 'code_already_used')
  })
})
