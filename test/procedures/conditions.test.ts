// Conditions from end to end: saving them, checks with them, and which tokens can be issued and consumed under them.
import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { ActionEntry } from '../../contract/index.ts'
import { loadConditions } from '../../functions/domain/conditions/condition.ts'
import { Subject } from '../../functions/state/subject/subject.ts'
import { enrollPasskey, makeDevice, stepUpWithPasskey } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  check,
  described,
  LARGE,
  OVER,
  observedBy,
  over,
  PASSKEY,
  REFUND,
  refund,
  SCOPE,
  SMALL,
  scene,
  settings,
} from '../support/conditions.ts'
import { historyOf } from '../support/evidence.ts'
import { expectBlocked, expectChallenge, guardScene } from '../support/guard.ts'
import {
  call,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  now,
  operator,
  stepUp,
  type TestEnvironment,
  type TestUser,
  totpCode,
  viaWorker,
} from '../support/service.ts'

restartClockAfterEach()
// The library knows a time by its class: it must not meet the class of a stopped clock first.
beforeAll(async () => {
  await loadConditions()
})

/** A user whose only factor is a passkey. */
async function passkeyUser(environment: TestEnvironment) {
  const user = await environment.user()
  const device = makeDevice()
  await enrollPasskey(user, device)
  return { user, device }
}

const verify = (user: TestUser, secret: string, details?: Record<string, unknown>, more = {}) =>
  user.client.challenge.verify.mutate({
    method: 'totp',
    code: totpCode(secret),
    requestedScopes: [SCOPE],
    ...(details && { details }),
    ...more,
  })

describe('settings with conditions', () => {
  const update = async (...actions: ActionEntry[]) => {
    const { id, document } = await makeEnvironment()
    const changed = operator.environment.update.mutate({
      environment: id,
      settings: { ...document, actions },
      version: 1,
    })
    return { id, changed }
  }

  it('are saved, and are good to be sent again as they came', async () => {
    const { id, changed } = await update(described)
    const { settings: saved, version } = await changed
    expect(saved.actions?.[0]).toMatchObject({ stricter: [over], base: { details: 'required' } })
    const again = await operator.environment.update.mutate({
      environment: id,
      settings: saved,
      version,
    })
    expect(again.settings).toEqual(saved)
  })

  it.each<[what: string, action: ActionEntry, sentence: string]>([
    [
      'a name that the schema does not have',
      { ...described, stricter: [over, { when: 'details.amout > 1' }] },
      '`order.refund`, condition 2, at 9: details.amout is not known.',
    ],
    [
      'a text compared with a number',
      { ...described, stricter: [{ when: 'true && details.to > 1' }] },
      '`order.refund`, condition 1, at 9: no such overload: string > int.',
    ],
    [
      'what is no expression',
      refund({ when: 'details.amount >' }),
      '`order.refund`, condition 1, at 17: Unexpected token: EOF.',
    ],
    [
      'a regular expression',
      refund({ when: 'details.to.matches("a")' }),
      '`order.refund`, condition 1, at 1: `matches` is not supported in conditions: a pattern can take seconds.',
    ],
    [
      'an unknown variable',
      refund({ when: 'amount > 1' }),
      '`order.refund`, condition 1, at 1: `amount` is not known: a condition reads details, subject, session, request.',
    ],
    [
      'more bytes than 1,024 in fewer characters',
      refund({ when: `request.country == "${'é'.repeat(600)}"` }),
      '`order.refund`, condition 1, at 1: it is 1221 bytes long: the limit is 1024.',
    ],
    [
      'a schema with a pattern',
      { ...described, detailsSchema: { type: 'object', properties: { to: { pattern: 'a+' } } } },
      '`order.refund`, detailsSchema, /properties/to: `pattern` is not supported: a pattern can take seconds.',
    ],
    [
      'a method twice in an entry',
      refund({ when: 'true', methods: ['passkey', 'passkey'] }),
      '`order.refund`: a method is listed twice.',
    ],
    [
      'details of what guards the factors',
      { action: 'credential.unlink', stricter: [over] },
      '`credential.unlink`, condition 1: this action changes factors and has no details to read or require.',
    ],
    [
      'details required of what guards the factors',
      { action: 'credential.update', stricter: [{ when: 'true', details: 'required' }] },
      '`credential.update`, condition 1: this action changes factors and has no details to read or require.',
    ],
    [
      'a schema where there are no details',
      { ...described, stricter: [], base: { details: 'none' } },
      '`order.refund`: `details` is "none", so remove `detailsSchema`.',
    ],
  ])('are refused with %s', async (_what, action, sentence) => {
    const { id, changed } = await update(action)
    expect((await expectRefused(changed, 'input_invalid')).message).toBe(sentence)
    expect(await operator.environment.get.query({ environment: id })).toMatchObject({ version: 1 })
  })

  it('are refused when an environment is created with them, too', async () => {
    const made = makeEnvironment(settings(refund({ when: '1 +' })))
    expect((await expectRefused(made, 'input_invalid')).message).toContain('condition 1, at 4')
  })

  it('list an action over details as one that needs them and takes no legacy token', async () => {
    const environment = await makeEnvironment(
      settings(
        { action: 'wallet.waas.sign', stricter: [over] },
        { action: 'wallet.waas.export', stricter: [{ when: 'true', acceptsMfaToken: false }] },
        { action: 'wallet.waas.reshare', stricter: [{ when: 'request.country != "NL"' }] },
      ),
    )
    const { client } = await environment.resource()
    const { actions } = await client.policy.list.query()
    const listed = (name: string) => actions.find(({ action }) => action === name)
    expect(listed('wallet.waas.sign')).toMatchObject({
      conditional: true,
      details: 'required',
      acceptsMfaToken: false,
    })
    expect(listed('wallet.waas.export')).toMatchObject({
      conditional: true,
      details: 'optional',
      acceptsMfaToken: false,
    })
    expect(listed('wallet.waas.reshare')).toMatchObject({
      details: 'optional',
      acceptsMfaToken: true,
    })
    expect(listed('wallet.waas.refresh')).toMatchObject({
      conditional: false,
      acceptsMfaToken: true,
    })
  })
})

describe('a check of "over 1000"', () => {
  it('asks a user for more above the limit, and for the base rule up to it', async () => {
    const { user, resource } = await scene(refund(over))
    const base = { decision: 'step_up', acr: 'mfa', methods: ['totp'], details: 'required' }
    const strict = {
      decision: 'enroll',
      reason: 'no_usable_factor',
      acr: 'phr',
      methods: ['passkey'],
    }
    for (const [details, expected] of [
      [SMALL, base],
      [{ amount: 1000 }, base],
      [{ amount: 1000.01 }, strict],
      [LARGE, strict],
    ] as const) {
      expect(await check(user, details)).toMatchObject(expected)
      const { subject } = user
      const asked = resource.policy.check.query({ action: REFUND, subject, details })
      expect(await asked).toMatchObject(expected)
    }
  })

  it('gives the strictest answer, never an error, where there are no details', async () => {
    const deny = {
      when: '!(details.to in ["alice"]) && request.country == "NL"',
      require: 'deny' as const,
    }
    const { user } = await scene(refund(over))
    expect(await check(user)).toMatchObject({ decision: 'enroll', acr: 'phr' })
    const { user: other } = await scene(refund(over, deny))
    expect(await check(other)).toMatchObject({ decision: 'deny', reason: 'denied' })
    const { user: third } = await scene(described)
    expect(await check(third)).toMatchObject({ decision: 'enroll', acr: 'phr' })
  })

  it.each<Record<string, unknown>>([
    { amount: '1' },
    { amount: null },
    {},
    { amount: [1] },
    { constructor: 1 },
  ])('gives the strictest answer where the condition fails for %j', async (details) => {
    const { user } = await scene(refund(over))
    expect(await check(user, details)).toMatchObject({ decision: 'enroll', acr: 'phr' })
  })

  it('cannot be talked out of it by a `type` of the caller’s own', async () => {
    const { user } = await scene(refund(over))
    await expectRefused(check(user, { ...LARGE, type: 'small' }), 'input_invalid')
  })

  it('combines all entries that match', async () => {
    const { user } = await scene(
      refund(
        { when: OVER, lifetimeSeconds: 60 },
        { when: 'details.to != "alice"', require: 'always', singleUse: true },
        { when: 'details.amount > 5000', require: 'deny' },
      ),
    )
    expect(await check(user, { amount: 1500, to: 'bob' })).toMatchObject({
      decision: 'step_up',
      reason: 'always',
      lifetimeSeconds: 60,
      freshnessSeconds: 600,
      singleUse: true,
    })
    expect(await check(user, { amount: 9000, to: 'alice' })).toMatchObject({ decision: 'deny' })
  })
})

describe('what a condition reads beside details', () => {
  const NEW_PAYEE = '!(details.to in session.claims.payees)'

  it('"a new payee": the claims of the session, also of one that a resource shows', async () => {
    const environment = await makeEnvironment(settings(refund({ when: NEW_PAYEE, ...PASSKEY })))
    const user = await environment.user({ payees: ['alice'] })
    await enrollTotp(user)
    const { client } = await environment.resource()
    expect(await check(user, { to: 'alice' })).toMatchObject({ acr: 'mfa' })
    expect(await check(user, { to: 'mallory' })).toMatchObject({ acr: 'phr' })
    const { subject } = user
    const ask = (context: object) =>
      client.policy.check.query({ action: REFUND, subject, details: { to: 'alice' }, context })
    expect(await ask({ sessionToken: user.bearer() })).toMatchObject({ acr: 'mfa' })
    expect(await ask({})).toMatchObject({ acr: 'phr' })
    const without = await environment.session({ sub: subject })
    expect(await ask({ sessionToken: without })).toMatchObject({ acr: 'phr' })
  })

  it('the age of the session, which is unknown where the token does not say', async () => {
    stopClock()
    const environment = await makeEnvironment(
      settings(refund({ when: 'session.ageSeconds > 60', require: 'deny' })),
    )
    const user = await environment.user({ auth_time: now() - 30 })
    expect(await check(user)).toMatchObject({ decision: 'permit' })
    advance(31)
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    await user.signIn({ auth_time: undefined })
    expect(await check(user)).toMatchObject({ decision: 'deny' })
  })

  it('"a factor younger than a day"', async () => {
    stopClock()
    const young = { when: 'subject.newestFactorAgeSeconds < 86400', require: 'deny' as const }
    const { user, secret } = await scene(refund(young))
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    advance(86_399)
    await user.signIn({})
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    advance(1)
    expect(await check(user)).toMatchObject({ decision: 'step_up' })
    // Of several it is the newest that counts.
    const { token } = await stepUp(user, secret, ['credential:link'])
    await enrollTotp(user, token)
    expect(await check(user)).toMatchObject({ decision: 'deny' })
  })

  it('the last step-up, which a reset forgets', async () => {
    stopClock()
    const stale = { when: 'subject.lastStepUpAgeSeconds > 60', require: 'deny' as const }
    const { environment, user, secret } = await scene(refund(stale), { action: 'user.update' })
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    await stepUp(user, secret, ['user:update'])
    expect(await check(user)).toMatchObject({ decision: 'step_up' })
    advance(61)
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    await operator.subject.resetFactors.mutate({
      environment: environment.id,
      subject: user.subject,
    })
    const { trace } = await operator.policy.simulate.query({
      environment: environment.id,
      action: REFUND,
      subject: user.subject,
    })
    expect(trace.join(' ')).toContain('subject.lastStepUpAgeSeconds is not known')
  })

  it('the last step-up, also with a factor that was removed since', async () => {
    stopClock()
    const fresh = { when: 'subject.lastStepUpAgeSeconds < 60', require: 'deny' as const }
    const { user, secret } = await scene(refund(fresh))
    const { factors } = await user.client.factor.list.query()
    const { token } = await stepUp(user, secret, ['credential:unlink'])
    await user.with(token).factor.remove.mutate({ factorId: factors[0]?.factorId ?? '' })
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    advance(61)
    expect(await check(user)).not.toMatchObject({ decision: 'deny' })
  })

  it('the kinds of factors that are enrolled', async () => {
    const { environment, user } = await scene(
      refund({ when: '!("passkey" in subject.kinds)', require: 'deny' }),
    )
    expect(await check(user)).toMatchObject({ decision: 'deny' })
    const { user: other } = await passkeyUser(environment)
    expect(await check(other)).toMatchObject({ decision: 'step_up' })
  })

  it('the country: what a resource says, or where the platform saw a user, never a header', async () => {
    const abroad = { when: 'request.country != "NL"', ...PASSKEY }
    const { environment, user, resource } = await scene(refund(abroad))
    const { subject } = user
    const ask = (context: object) =>
      resource.policy.check.query({ action: REFUND, subject, context })
    expect(await ask({ country: 'NL' })).toMatchObject({ acr: 'mfa' })
    expect(await ask({ country: 'FR' })).toMatchObject({ acr: 'phr' })
    expect(await ask({})).toMatchObject({ acr: 'phr' })
    // Cloudflare's code for an unknown country counts as no country.
    const known = refund({ when: 'request.country != "XX"', singleUse: true })
    const { user: other, resource: asking } = await scene(known)
    const unknown = { action: REFUND, subject: other.subject, context: { country: 'XX' } }
    expect(await asking.policy.check.query(unknown)).toMatchObject({ singleUse: true })
    const from = (cf: { country: string } | undefined, headers: Record<string, string> = {}) => {
      const there = ((input: RequestInfo, init?: RequestInit) => {
        const sent = new Headers(init?.headers)
        for (const [name, value] of Object.entries(headers)) sent.set(name, value)
        return viaWorker(input, { ...init, headers: sent, ...(cf && { cf }) })
      }) as typeof fetch
      const client = call({ environment: environment.id, bearer: user.bearer, fetch: there })
      return client.policy.check.query({ action: REFUND })
    }
    expect(await from({ country: 'NL' })).toMatchObject({ acr: 'mfa' })
    expect(await from({ country: 'FR' })).toMatchObject({ acr: 'phr' })
    expect(await from({ country: 'T1' })).toMatchObject({ acr: 'phr' })
    expect(await from({ country: 'FR' }, { 'cf-ipcountry': 'NL' })).toMatchObject({ acr: 'phr' })
    expect(await from(undefined, { 'cf-ipcountry': 'NL' })).toMatchObject({ acr: 'phr' })
  })

  it('the time', async () => {
    const hour = new Date(stopClock() * 1000).getUTCHours()
    const { user } = await scene(refund({ when: `request.time.getHours() == ${hour}`, ...PASSKEY }))
    const { user: other } = await scene(
      refund({ when: `request.time.getHours() == ${(hour + 12) % 24}`, ...PASSKEY }),
    )
    expect(await check(user)).toMatchObject({ acr: 'phr' })
    expect(await check(other)).toMatchObject({ acr: 'mfa' })
  })
})

describe('a token for an action with conditions', () => {
  it('cannot be earned with a code where a passkey is wanted, and nothing is counted', async () => {
    const { environment, user, secret } = await scene(refund(over))
    const before = await historyOf(environment.id, user.subject)
    for (let again = 0; again < 12; again += 1) {
      const refused = await expectRefused(verify(user, secret, LARGE), 'method_not_allowed')
      expect(refused.requirement).toMatchObject({ acr: 'phr', methods: ['passkey'] })
    }
    await expectRefused(verify(user, '', LARGE, { code: '000000' }), 'method_not_allowed')
    expect(await historyOf(environment.id, user.subject)).toEqual(before)
    const view = await operator.subject.get.query({
      environment: environment.id,
      subject: user.subject,
    })
    expect(view.attempts).toMatchObject({ consecutiveFailures: 0, failuresLastDay: 0 })
    const { elevatedToken } = await verify(user, secret, SMALL)
    expect(elevatedToken).toMatchObject({ acr: 'mfa', scopes: [SCOPE] })
  })

  it('is earned with a passkey, for exactly the details that it was asked for', async () => {
    const environment = await makeEnvironment(settings(refund({ ...over, singleUse: true })))
    const { user, device } = await passkeyUser(environment)
    const small = await stepUpWithPasskey(user, device, [SCOPE], SMALL)
    expect(small.elevatedToken).toMatchObject({ acr: 'phr', singleUse: true })
    const large = await stepUpWithPasskey(user, device, [SCOPE], LARGE)
    expect(large.elevatedToken).toMatchObject({ acr: 'phr', singleUse: true })
    const { client } = await environment.resource()
    const use = (token = '', details = LARGE) =>
      client.token.consume.mutate({ token, subject: user.subject, action: REFUND, details })
    await expectRefused(use(small.elevatedToken?.token), 'details_mismatch')
    expect(await use(large.elevatedToken?.token)).toMatchObject({ accepted: true })
  })

  it('is not started with a passkey where the condition denies', async () => {
    const environment = await makeEnvironment(settings(refund({ when: OVER, require: 'deny' })))
    const { user } = await passkeyUser(environment)
    const start = (details: object) =>
      user.client.challenge.start.mutate({
        method: 'passkey',
        requestedScopes: [SCOPE],
        details: { ...details },
      })
    await expectRefused(start(LARGE), 'denied')
    expect(await start(SMALL)).toMatchObject({ challenge: expect.any(String) })
  })

  it('needs its details, and is asked for alone', async () => {
    const { user, secret } = await scene(refund(over))
    await expectRefused(verify(user, secret), 'details_required')
    const both = { requestedScopes: [SCOPE, 'wallet:sign'] }
    await expectRefused(verify(user, secret, SMALL, both), 'scope_not_allowed')
    await expectRefused(verify(user, secret, undefined, both), 'scope_not_allowed')
    expect(await verify(user, secret, SMALL)).toMatchObject({ acr: 'mfa' })
  })

  it('is weighed with the other scopes where no condition reads details', async () => {
    const abroad = { when: 'request.country != "NL"', ...PASSKEY }
    const { user, secret } = await scene(refund(abroad))
    const both = { requestedScopes: ['wallet:sign', SCOPE] }
    await expectRefused(verify(user, secret, undefined, both), 'method_not_allowed')
  })

  it('cannot be had for an assertion below what the condition wants', async () => {
    const entry = refund({ when: OVER, acr: 'phr' })
    const environment = await makeEnvironment(
      settings({ ...entry, base: { methods: ['assertion', 'passkey'] } }),
    )
    const user = await environment.user()
    const exchange = async (details: object) =>
      user.client.token.exchange.mutate({
        assertion: await environment.assertion({
          sub: user.subject,
          scope: SCOPE,
          authorization_details: [details],
        }),
      })
    await expectRefused(exchange(LARGE), 'method_not_allowed')
    expect(await exchange(SMALL)).toMatchObject({ elevatedToken: { acr: 'mfa' } })
  })

  it('guards the factors too: both when it is earned and when it is spent', async () => {
    stopClock()
    const young = { when: 'subject.newestFactorAgeSeconds < 3600', ...PASSKEY }
    const { user, secret } = await scene({ action: 'credential.update', stricter: [young] })
    const asked = stepUp(user, secret, ['credential:update'])
    await expectRefused(asked, 'method_not_allowed')
    advance(3600)
    const { token } = await stepUp(user, secret, ['credential:update'])
    expect(await user.with(token).recovery.regenerate.mutate({})).toMatchObject({
      recoveryCodes: expect.any(Array),
    })
  })

  it('that was earned before a condition came true is not spent on factors afterwards', async () => {
    const { environment, user, secret } = await scene({
      action: 'credential.update',
      stricter: [{ when: 'has(session.claims.risky) && session.claims.risky', ...PASSKEY }],
    })
    const { token } = await stepUp(user, secret, ['credential:update'])
    await user.signIn({ risky: true, sid: 's' })
    await expectRefused(user.with(token).recovery.regenerate.mutate({}), 'step_up_required')
    await user.signIn({ risky: false, sid: 's' })
    expect(await user.with(token).recovery.regenerate.mutate({})).toBeDefined()
    expect(environment.id).toBeTruthy()
  })
})

describe('what conditions cost', () => {
  it('is one call of an object for a check, one more for a token, and none for an action without conditions', async () => {
    const { user, secret } = await scene(refund(over), {
      action: 'order.view',
      scope: 'orders:view',
    })
    const verbs = ['storedFacts', 'stepUpTotp'] as const
    const spies = verbs.map((verb) => vi.spyOn(Subject.prototype, verb))
    const called = async (run: Promise<unknown>) => {
      await run
      const calls = spies.map(({ mock }) => mock.calls.length)
      for (const spy of spies) spy.mockClear()
      return Object.fromEntries(verbs.map((verb, index) => [verb, calls[index]]))
    }
    expect(await called(check(user, LARGE))).toEqual({ storedFacts: 1, stepUpTotp: 0 })
    const view = user.client.policy.check.query({ action: 'order.view' })
    expect(await called(view)).toEqual({ storedFacts: 1, stepUpTotp: 0 })
    expect(await called(stepUp(user, secret, ['orders:view']))).toEqual({
      storedFacts: 0,
      stepUpTotp: 1,
    })
    const again = expectRefused(verify(user, secret, SMALL), 'code_already_used')
    expect(await called(again)).toEqual({ storedFacts: 1, stepUpTotp: 1 })
    for (const spy of spies) spy.mockRestore()
  })

  it('is nothing where the scopes asked for cannot share a token', async () => {
    const many = Array.from({ length: 16 }, (_, i) => ({
      action: `order.number${i}`,
      scope: `orders:number${i}`,
      stricter: [over],
    }))
    const { user, secret } = await scene(...many)
    const facts = vi.spyOn(Subject.prototype, 'storedFacts')
    const verify = user.client.challenge.verify.mutate({
      method: 'totp',
      code: totpCode(secret),
      requestedScopes: many.map(({ scope }) => scope),
      details: LARGE,
    })
    await expectRefused(verify, 'scope_not_allowed')
    expect(facts).not.toHaveBeenCalled()
    facts.mockRestore()
  })
})

describe('details with a schema', () => {
  const BAD = { amount: 'ten' }

  it('must satisfy it wherever they are bound or shown; a refusal spends nothing', async () => {
    const { environment, user, secret, resource } = await scene(described)
    const { user: keyed } = await passkeyUser(environment)
    const { subject } = user
    const places = {
      'policy.check': check(user, BAD),
      'policy.check by a resource': resource.policy.check.query({
        action: REFUND,
        subject,
        details: BAD,
      }),
      'challenge.start': keyed.client.challenge.start.mutate({
        method: 'passkey',
        requestedScopes: [SCOPE],
        details: BAD,
      }),
      'challenge.verify': verify(user, secret, BAD),
    }
    for (const [place, asked] of Object.entries(places)) {
      const { message } = await expectRefused(asked, 'input_invalid')
      expect(`${place}: ${message}`).toContain('/amount: type')
      expect(message).not.toContain('ten')
    }
    await expectRefused(verify(user, secret, { ...SMALL, note: 'x' }), 'input_invalid')
    const { elevatedToken } = await verify(user, secret, SMALL)
    const use = (details: Record<string, unknown>) =>
      resource.token.consume.mutate({
        token: elevatedToken?.token ?? '',
        subject,
        action: REFUND,
        details,
      })
    await expectRefused(use(BAD), 'input_invalid')
    expect(await use(SMALL)).toMatchObject({ accepted: true })
  })

  it('may be missing where nothing requires them, and must satisfy it where they are given', async () => {
    const base = { details: 'optional' as const }
    const { user, secret } = await scene({ ...described, base, stricter: [] })
    expect(await check(user)).toMatchObject({ decision: 'step_up', details: 'optional' })
    await expectRefused(check(user, BAD), 'input_invalid')
    await expectRefused(verify(user, secret, BAD), 'input_invalid')
    expect(await verify(user, secret)).toMatchObject({ acr: 'mfa' })
  })

  it('of an assertion must satisfy it too', async () => {
    const environment = await makeEnvironment(
      settings({ ...described, base: { methods: ['assertion'] } }),
    )
    const user = await environment.user()
    const assertion = await environment.assertion({
      sub: user.subject,
      scope: SCOPE,
      authorization_details: [BAD],
    })
    await expectRefused(user.client.token.exchange.mutate({ assertion }), 'input_invalid')
  })
})

describe('the guard before an action with conditions', () => {
  const guarded = (...actions: ActionEntry[]) => guardScene(settings(...actions))

  it('refuses an amount over the limit with a token for a smaller one, and tells what is wanted', async () => {
    stopClock()
    const at = await guarded(refund(over))
    const token = await at.earn([SCOPE], SMALL)
    const shown = await at.check(token, { action: REFUND, details: LARGE })
    const { problem } = await expectChallenge(shown, 'details_mismatch')
    expect(problem.requirement).toMatchObject({ acr: 'phr', methods: ['passkey'] })
    expect(at.wire.presented()).toEqual([])
    const small = await at.check(token, { action: REFUND, details: SMALL })
    expect(small).toMatchObject({ allowed: true, by: 'token' })
  })

  it('asks with the details, the session and the country of the call', async () => {
    const at = await guarded(
      refund(over, { when: 'session.claims.sub != "x"', lifetimeSeconds: 60 }),
    )
    const sessionToken = at.user.bearer()
    await at.check(undefined, { action: REFUND, details: LARGE, sessionToken, country: 'NL' })
    expect(at.wire.named('action.authorize')[0]?.body).toEqual({
      action: REFUND,
      subject: at.user.subject,
      details: LARGE,
      requireDetails: true,
      context: { sessionToken, country: 'NL' },
    })
  })

  it('decides again: a token earned before the condition came true is too weak now', async () => {
    stopClock()
    const at = await guarded(refund({ when: 'request.country != "NL"', ...PASSKEY }, over))
    const { secret } = at.totp
    await expectRefused(verify(at.user, secret, SMALL), 'method_not_allowed')
    const risky = 'has(session.claims.risky) && session.claims.risky'
    const other = await guarded(refund({ when: risky, ...PASSKEY }))
    const { token } = await stepUp(other.user, other.totp.secret, [SCOPE])
    const sessionToken = await other.environment.session({ sub: other.user.subject, risky: true })
    const shown = await other.check(token, { action: REFUND, sessionToken })
    const { problem } = await expectChallenge(shown, 'enrollment_required')
    expect(problem.requirement).toMatchObject({ acr: 'phr' })
    const calm = await other.check(token, { action: REFUND, sessionToken: other.user.bearer() })
    expect(calm).toMatchObject({ allowed: true, by: 'token' })
  })

  it('lets nobody through where a condition denies, whatever is shown', async () => {
    stopClock()
    const at = await guarded(refund({ when: OVER, require: 'deny' }))
    const token = await at.earn([SCOPE], SMALL)
    await expectBlocked(await at.check(token, { action: REFUND, details: LARGE }), 403, 'denied')
  })

  it('needs to be given the details that a condition reads', async () => {
    const at = await guarded(refund(over))
    await expectBlocked(await at.check(undefined, { action: REFUND }), 503, 'details_required')
  })

  it('runs what the conditions leave free, and asks where they do not', async () => {
    const at = await guarded({
      ...refund({ when: OVER, require: 'always' }),
      base: { require: 'never' },
    })
    const small = await at.check(undefined, { action: REFUND, details: SMALL })
    expect(small).toMatchObject({ allowed: true, by: 'policy' })
    const large = await at.check(undefined, { action: REFUND, details: LARGE })
    await expectChallenge(large, 'step_up_required')
  })
})

describe('a rule that only observes', () => {
  it('notes what it would have asked by its conditions, and enforces where one says so', async () => {
    stopClock()
    const { environment, user } = await scene({
      ...refund(over, { when: 'details.amount > 5000', mode: 'enforce' }),
      base: { mode: 'observe' },
    })
    expect(await check(user, LARGE)).toMatchObject({ decision: 'permit', reason: 'observe' })
    expect(await check(user, { amount: 9000 })).toMatchObject({ decision: 'enroll', acr: 'phr' })
    const noted = await observedBy(environment, user)
    expect(noted).toMatchObject([{ data: { action: REFUND, decision: 'enroll' } }])
  })
})
