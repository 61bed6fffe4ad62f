// The parts of the guard, each by itself, on Node. test/attacks/guard.test.ts tests them together, against the
// real service.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { answerTo } from '../../client/resource/answers.ts'
import { bindDetails } from '../../client/resource/details.ts'
import { dpop } from '../../client/resource/dpop.ts'
import { keep, TIMEOUT_MS } from '../../client/resource/kept.ts'
import { isPermit, type ListedRule, readRules } from '../../client/resource/rules.ts'
import { checkUse, type Use } from '../../client/resource/use.ts'
import {
  canonical,
  DPOP_HEADER,
  type ElevatedClaims,
  type Reason,
  type Requirement,
  requirementOf,
  TOKEN_HEADER,
  type VerifiedToken,
} from '../../contract/index.ts'
import { isChallenge } from '../../contract/shared/challenge.ts'
import { makeProofKey } from '../support/dpop.ts'
import { ISSUER, NOW, RESOURCE } from '../support/rules.ts'

const REQUIREMENT: Requirement = {
  action: 'order.refund',
  scope: 'orders:refund',
  methods: ['totp', 'passkey'],
  acr: 'mfa',
  freshnessSeconds: 120,
  details: 'optional',
}

describe('the answer to a caller', () => {
  it.each<[Reason, status: number, title: string]>([
    ['step_up_required', 401, 'This action needs a step-up: step up, then retry.'],
    ['enrollment_required', 401, 'The user has no factor: enroll one, then retry.'],
    ['token_expired', 401, 'The token has expired: step up again.'],
    ['token_used', 401, 'The token was used already: step up again.'],
    ['token_revoked', 401, 'The token was revoked: step up again.'],
    ['details_mismatch', 401, 'The token is bound to other details: step up again.'],
    ['scope_not_allowed', 401, 'The token is for another action: step up again.'],
    ['token_invalid', 401, 'The token is not valid here.'],
    ['unauthenticated', 401, 'Sign in, then retry.'],
    ['denied', 403, 'The rule denies this action.'],
    ['unknown_action', 403, 'This resource has no such action.'],
    ['input_invalid', 400, 'The request cannot be checked.'],
    ['details_required', 503, 'The guard of this action needs `details`.'],
    ['unavailable', 503, 'The action cannot be checked now: try again.'],
    ['locked', 503, 'The action cannot be checked now: try again.'],
  ])('refused as %s is %i with a sentence', async (reason, status, title) => {
    const response = answerTo(reason, {})
    expect(await response.json()).toEqual({
      type: `urn:countersign:reason:${reason}`,
      title,
      status,
      detail: title,
      reason,
      ...(status === 503 && { retryAfterSeconds: 2 }),
    })
    expect(response.status).toBe(status)
    expect(response.headers.get('content-type')).toBe('application/problem+json')
    expect(response.headers.get('cache-control')).toBe('no-store')
    expect(response.headers.get('retry-after')).toBe(status === 503 ? '2' : null)
  })

  it('challenges with what is required (RFC 9470), in a header of printable characters', async () => {
    const header = (reason: Reason, requirement?: Requirement) =>
      answerTo(reason, { requirement }).headers.get('www-authenticate')
    expect(header('token_used', REQUIREMENT)).toBe(
      'Bearer error="insufficient_user_authentication", error_description="The token was used already: step up again.", acr_values="mfa phr", max_age="120", scope="orders:refund"',
    )
    expect(header('token_used')).toBe(
      'Bearer error="insufficient_user_authentication", error_description="The token was used already: step up again."',
    )
    expect(header('token_used', { ...REQUIREMENT, acr: 'phr', scope: 'a"\\\r\n~! é' })).toContain(
      'acr_values="phr", max_age="120", scope="a~! "',
    )
    expect(header('token_invalid', REQUIREMENT)).toBe(
      'Bearer error="invalid_token", error_description="The token is not valid here."',
    )
    expect(header('unauthenticated', REQUIREMENT)).toBe('Bearer')
    expect([header('denied'), header('input_invalid'), header('unavailable')]).toEqual([
      null,
      null,
      null,
    ])
  })

  it('says what it is told to say beside the reason', async () => {
    const members = { detail: 'Wait.', requirement: REQUIREMENT, retryAfterSeconds: 7 }
    const response = answerTo('denied', members)
    expect(await response.json()).toMatchObject({
      title: 'The rule denies this action.',
      detail: 'Wait.',
      requirement: REQUIREMENT,
      retryAfterSeconds: 7,
    })
    expect(response.headers.get('retry-after')).toBe('7')
  })

  it('is a challenge where a step-up helps', () => {
    const all: Reason[] = ['token_used', 'token_invalid', 'denied', 'unavailable', 'locked']
    expect(all.map(isChallenge)).toEqual([true, false, false, false, false])
  })
})

describe('what is kept', () => {
  let now = NOW
  beforeEach(() => {
    vi.useFakeTimers()
    now = NOW
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  function counted() {
    let fetched = 0
    const fetchValue = vi.fn(async () => ({ n: ++fetched }))
    return { get: keep(fetchValue, () => now), fetchValue }
  }

  it('is fetched once for all who ask at once, and kept for a minute', async () => {
    const { get, fetchValue } = counted()
    expect(await Promise.all([get(), get()])).toEqual([{ n: 1 }, { n: 1 }])
    now += 59
    expect(await get()).toEqual({ n: 1 })
    now += 1
    expect(await get()).toEqual({ n: 2 })
    expect(fetchValue).toHaveBeenCalledTimes(2)
  })

  it('is fetched again for a caller who wants it younger, but not more often than that', async () => {
    const { get } = counted()
    await get()
    now += 9
    expect(await get(10)).toEqual({ n: 1 })
    now += 1
    expect(await get(10)).toEqual({ n: 2 })
    expect(await get(10)).toEqual({ n: 2 })
  })

  it('is given to a caller who wants it younger if a fetch was tried recently and failed', async () => {
    const { get, fetchValue } = counted()
    await get()
    now += 20
    fetchValue.mockRejectedValueOnce(new Error('away'))
    await expect(get(10)).rejects.toThrow('away')
    now += 9
    expect(await get(10)).toEqual({ n: 1 })
    now += 1
    expect(await get(10)).toEqual({ n: 2 })
  })

  it('is not believed where the clock was set back', async () => {
    const { get } = counted()
    await get()
    now -= 1
    expect(await get()).toEqual({ n: 2 })
  })

  it('is as old as the moment before it was asked for', async () => {
    let answer: (value: object) => void = () => {}
    const get = keep(
      () => new Promise<object>((resolve) => (answer = resolve)),
      () => now,
    )
    const first = get()
    now += 30
    answer({ n: 1 })
    expect(await first).toEqual({ n: 1 })
    now += 30
    const second = get()
    answer({ n: 2 })
    expect(await second).toEqual({ n: 2 })
  })

  it('is asked for again after a failure', async () => {
    const { get, fetchValue } = counted()
    fetchValue.mockRejectedValueOnce(new Error('away'))
    await expect(get()).rejects.toThrow('away')
    expect(await get()).toEqual({ n: 1 })
  })

  it('is not waited for longer than five seconds, and then asked for again', async () => {
    const fetchValue = vi.fn(() => new Promise<object>(() => {}))
    const get = keep(fetchValue, () => now)
    const waiting = get()
    const told = expect(waiting).rejects.toThrow('no answer within 5000 ms')
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    const joined = get()
    const alsoTold = expect(joined).rejects.toThrow('no answer within')
    expect(fetchValue).toHaveBeenCalledTimes(1)
    await vi.advanceTimersByTimeAsync(1)
    await told
    void Promise.resolve(get()).catch(() => {})
    expect(fetchValue).toHaveBeenCalledTimes(2)
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS)
    await alsoTold
  })

  it('is too old after a minute, also where a younger one was tried for lately', async () => {
    const { get, fetchValue } = counted()
    await get()
    now += 55
    fetchValue.mockRejectedValueOnce(new Error('away'))
    await expect(get(10)).rejects.toThrow('away')
    now += 5
    expect(await get()).toEqual({ n: 2 })
  })

  it('is asked for once while a fetch goes on, whatever becomes of those before it', async () => {
    const answers: ((value: object) => void)[] = []
    const fetchValue = vi.fn(() => new Promise<object>((resolve) => answers.push(resolve)))
    const get = keep(fetchValue, () => now)
    const ask = () => Promise.resolve(get()).catch((error: Error) => error.message)
    const first = ask()
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    const joined = ask()
    await vi.advanceTimersByTimeAsync(1)
    const again = ask()
    // The one before is given up by the last who waited for it, and then comes back after all.
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    const late = ask()
    expect(fetchValue).toHaveBeenCalledTimes(2)
    answers[0]?.({ n: 1 })
    await vi.advanceTimersByTimeAsync(0)
    const later = ask()
    expect(fetchValue).toHaveBeenCalledTimes(2)
    answers[1]?.({ n: 2 })
    expect(await Promise.all([first, joined, again, late, later])).toEqual([
      ...Array(2).fill(`no answer within ${TIMEOUT_MS} ms`),
      ...Array(3).fill({ n: 2 }),
    ])
  })

  it('is awaited while it is fetched by callers that want it younger, and by no others', async () => {
    const { get, fetchValue } = counted()
    await get()
    now += 10
    let answer: (value: { n: number }) => void = () => {}
    fetchValue.mockReturnValueOnce(new Promise((resolve) => (answer = resolve)))
    const [first, second] = [get(10), get(10)]
    expect(await get()).toEqual({ n: 1 })
    answer({ n: 2 })
    expect(await Promise.all([first, second])).toEqual([{ n: 2 }, { n: 2 }])
    expect(fetchValue).toHaveBeenCalledTimes(2)
  })

  it('is not what comes back of a fetch that was given up, after a younger one', async () => {
    const answers: ((value: object) => void)[] = []
    const get = keep(
      () => new Promise<object>((resolve) => answers.push(resolve)),
      () => now,
    )
    const told = expect(get()).rejects.toThrow('no answer within')
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS)
    await told
    const younger = get()
    answers[1]?.({ n: 2 })
    expect(await younger).toEqual({ n: 2 })
    answers[0]?.({ n: 1 })
    await vi.advanceTimersByTimeAsync(0)
    expect(await get()).toEqual({ n: 2 })
  })

  it('is not known again when a clock that was set back comes to where it was', async () => {
    const { get, fetchValue } = counted()
    await get()
    now -= 30
    fetchValue.mockRejectedValueOnce(new Error('away'))
    await expect(get()).rejects.toThrow('away')
    now += 30
    expect(await get()).toEqual({ n: 2 })
  })

  it('is tried for again where the last trial lies ahead of a clock that was set back', async () => {
    const { get, fetchValue } = counted()
    await get()
    now += 30
    fetchValue.mockRejectedValueOnce(new Error('away'))
    await expect(get(10)).rejects.toThrow('away')
    now -= 20
    expect(await get(10)).toEqual({ n: 2 })
  })

  it('leaves no timer behind', async () => {
    await counted().get()
    expect(vi.getTimerCount()).toBe(0)
  })
})

const RULE: ListedRule = {
  action: 'order.refund',
  scope: 'orders:refund',
  methods: ['totp'],
  acr: 'mfa',
  singleUse: false,
  freshnessSeconds: 120,
  details: 'optional',
  acceptsMfaToken: false,
  dpop: false,
  mode: 'enforce',
  conditional: false,
}
const CLAIMS: ElevatedClaims = {
  iss: ISSUER,
  sub: 'alice',
  aud: RESOURCE,
  client_id: 'app',
  jti: 'abcdefghijklmnopqrstuv',
  iat: NOW,
  exp: NOW + 300,
  auth_time: NOW,
  amr: ['otp'],
  acr: 'mfa',
  singleUse: true,
  epoch: 0,
  scope: 'orders:list orders:refund',
}
const PLACE = { issuer: ISSUER, audience: RESOURCE, now: NOW }
const elevated = (claims: object = {}): VerifiedToken => ({
  kind: 'elevated',
  claims: { ...CLAIMS, ...claims },
})
const { scope: _scope, ...SHARED } = CLAIMS
const legacy = (claims: object = {}): VerifiedToken => ({
  kind: 'mfa',
  claims: { ...SHARED, aud: ISSUER, ...claims },
})
const details = (value: Record<string, unknown>) => bindDetails(value, 'order.refund')
const bound = { authorization_details: [{ amount: 5, type: 'order.refund' }] }

describe('what a caller is told of a rule', () => {
  it('names the methods that reach its level, and assertions, whose level only they tell', () => {
    const methods = ['totp', 'passkey', 'recovery', 'assertion'] as const
    const told = (acr: 'mfa' | 'phr') =>
      requirementOf({ ...REQUIREMENT, methods: [...methods], acr })
    expect(told('phr')).toEqual({ ...REQUIREMENT, acr: 'phr', methods: ['passkey', 'assertion'] })
    expect(told('mfa').methods).toEqual(['totp', 'passkey', 'assertion'])
  })
})

describe('what the guard reads of the rules', () => {
  it('permits this action alone, and only by a whole decision', () => {
    const { mode, conditional, acceptsMfaToken, dpop: _dpop, ...rest } = RULE
    const decision = {
      ...rest,
      decision: 'permit',
      required: false,
      reason: 'not_enrolled',
      lifetimeSeconds: 300,
    }
    expect(isPermit(decision, RULE)).toBe(true)
    for (const other of [
      { ...decision, action: 'order.list' },
      { ...decision, scope: 'orders:list' },
      ...['step_up', 'enroll', 'deny', 'perhaps'].map((other) => ({
        ...decision,
        decision: other,
      })),
      ...Object.keys(decision).map((member) => ({ ...decision, [member]: undefined })),
      [decision],
    ])
      expect(isPermit(other, RULE)).toBe(false)
  })

  it('is read from a list that is one', () => {
    const list = { version: 3, epoch: 1, audience: RESOURCE, actions: [RULE] }
    const rules = { epoch: 1, byAction: new Map([[RULE.action, RULE]]) }
    expect(readRules(list, RESOURCE)).toEqual(rules)
    expect(readRules({ ...list, audience: undefined }, RESOURCE)).toEqual(rules)
    for (const other of [
      ...[undefined, {}, { ...list, epoch: -1 }, { ...list, actions: [{}] }],
      { ...list, audience: 7 },
    ])
      expect(() => readRules(other, RESOURCE)).toThrow('policy.list')
    const other = 'https://orders.example'
    expect(() => readRules(list, other)).toThrow(
      `The guard's audience is ${other}, its resource key's is ${RESOURCE}: use the same.`,
    )
  })
})

describe('the use of a token', () => {
  const INVALID = { reason: 'token_invalid' }
  const STEP_UP = { reason: 'step_up_required' }
  const accepting = { acceptsMfaToken: true }

  it.each<
    [
      what: string,
      token: VerifiedToken,
      rule: Partial<ListedRule>,
      use: Partial<Use>,
      refused?: object,
    ]
  >([
    ['its user, resource and scope', elevated(), {}, {}],
    [
      'another user',
      elevated({ sub: 'bob' }),
      {},
      {},
      { ...INVALID, members: { detail: 'The token is for another user.' } },
    ],
    ['its session', elevated({ sid: 's1' }), {}, { sessionId: 's1' }],
    ['no session', elevated({ sid: 's1' }), {}, {}],
    ['a session that it does not name', elevated(), {}, { sessionId: 's1' }],
    [
      'another session',
      elevated({ sid: 's1' }),
      {},
      { sessionId: 's2' },
      { ...INVALID, members: { detail: 'The token is for another session.' } },
    ],
    [
      'another resource',
      elevated({ aud: ISSUER }),
      {},
      {},
      { ...INVALID, members: { detail: 'The token is for another resource.' } },
    ],
    [
      'another scope',
      elevated({ scope: 'orders:refunds' }),
      {},
      {},
      { reason: 'scope_not_allowed' },
    ],
    ['a single use', elevated(), { singleUse: true }, {}],
    [
      'a single use, though reusable',
      elevated({ singleUse: false }),
      { singleUse: true },
      {},
      STEP_UP,
    ],
    ['any use, though reusable', elevated({ singleUse: false }), {}, {}],
    ['a higher level', elevated(), { acr: 'phr' }, {}, STEP_UP],
    ['a lower level', elevated({ acr: 'phr' }), {}, {}],
    ['a proof as old as may be', elevated({ auth_time: NOW - 120 }), {}, {}],
    ['a proof one second older', elevated({ auth_time: NOW - 121 }), {}, {}, STEP_UP],
    ['its details', elevated(bound), {}, { details: details({ amount: 5 }) }],
    [
      'other details',
      elevated(bound),
      {},
      { details: details({ amount: 6 }) },
      { reason: 'details_mismatch' },
    ],
    ['no details', elevated(bound), {}, {}, { reason: 'details_mismatch' }],
    ['details that it need not name', elevated(), {}, { details: details({ amount: 5 }) }],
    ['details that it must name', elevated(), { details: 'required' }, {}, STEP_UP],
    ['a rule that takes legacy tokens', legacy(), accepting, {}],
    ['a rule that takes none', legacy(), {}, {}, STEP_UP],
    [
      'a rule that takes none without details',
      legacy(),
      { ...accepting, details: 'required' },
      {},
      STEP_UP,
    ],
    [
      'a rule that takes none but passkeys',
      legacy({ acr: 'phr' }),
      { ...accepting, acr: 'phr' },
      {},
      STEP_UP,
    ],
    ['another environment', legacy({ aud: RESOURCE }), accepting, {}, INVALID],
    ['a proof too old', legacy({ auth_time: NOW - 121 }), accepting, {}, STEP_UP],
  ])('for %s', (_what, token, rule, use, refused) => {
    const run = () =>
      checkUse(token, { rule: { ...RULE, ...rule }, subject: 'alice', ...use, ...PLACE })
    if (!refused) return expect(run).not.toThrow()
    return expect(run).toThrow(expect.objectContaining(refused))
  })
})

describe('the details of a call', () => {
  const told = (value: Record<string, unknown>): string => {
    try {
      details(value)
    } catch (error) {
      return (error as Error).message
    }
    throw new Error('not refused')
  }
  const deep = (levels: number): Record<string, unknown> =>
    levels === 1 ? {} : { a: deep(levels - 1) }

  it.each<[value: Record<string, unknown>, what: string]>([
    [{ type: 'x' }, 'must not name a `type`: Countersign sets it'],
    [{ n: 2 ** 53 }, 'cannot be sent as JSON'],
    [{ n: Number.NaN }, 'cannot be sent as JSON'],
    [{ n: Number.POSITIVE_INFINITY }, 'cannot be sent as JSON'],
    [{ t: '\ud800' }, 'cannot be sent as JSON'],
    [{ '\ud800': 1 }, 'cannot be sent as JSON'],
    [{ f: () => 1 }, 'cannot be sent as JSON'],
    [{ m: new Map() }, 'cannot be sent as JSON'],
    [JSON.parse('{"a":{"__proto__":1}}'), 'hold a key named __proto__'],
    [deep(15), 'are nested too deep'],
    [{ t: 'x'.repeat(2041) }, 'are longer than 2048 bytes'],
    [{ t: 'é'.repeat(1021) }, 'are longer than 2048 bytes'],
  ])('may not be %j', (value, what) => {
    expect(told(value)).toBe(`The details of this call ${what}.`)
  })

  it('may not hold what JSON has no word for', () => {
    const speechless = Object.create({ toJSON: () => undefined })
    for (const value of [{ n: 5n }, speechless])
      expect(told(value)).toBe('The details of this call cannot be sent as JSON.')
  })

  it('may not be what JSON makes a text of', () => {
    const date = new Date(NOW * 1000) as unknown as Record<string, unknown>
    expect(told(date)).toBe('The details of this call must be an object.')
  })

  it('may be as long, as deep and as large as is said', () => {
    for (const value of [{ t: 'x'.repeat(2040) }, deep(14), { n: 2 ** 53 - 1, m: 0.5 }, {}])
      expect(details(value).sent).toEqual(value)
  })

  it('are sent as JSON has them, and bound under the name of their action', () => {
    const { sent, spelling } = details({ at: new Date(NOW * 1000), gone: undefined, a: [1] })
    expect(sent).toEqual({ at: '2027-01-15T08:00:00.000Z', a: [1] })
    expect(spelling).toBe('{"a":[1],"at":"2027-01-15T08:00:00.000Z","type":"order.refund"}')
  })

  it('are bound to what is spelled alike, in any order', () => {
    const call = details({ a: 1, b: 2 })
    expect(canonical({ type: 'order.refund', b: 2, a: 1 })).toBe(call.spelling)
    expect(canonical({ type: 'order.list', b: 2, a: 1 })).not.toBe(call.spelling)
    expect(canonical({ a: 1, b: 2 })).not.toBe(call.spelling)
  })
})

describe('a guard for bound tokens', () => {
  it.each([
    'https://api.example/v2',
    'https://api.example/v2/',
    'HTTPS://API.example:443/v2',
    ' https://api.example/v2/\n',
    'https://api.example/v2?',
  ])('passes on the same address of a call for the public address %j', async (publicUrl) => {
    const [key, token, url] = [await makeProofKey(), 'a.b.c', 'https://api.example/v2/export']
    const proof = await key.proof({ url, token }, { iat: NOW })
    const headers = new Headers({ [TOKEN_HEADER]: token, [DPOP_HEADER]: proof })
    const use = { presented: token, cnf: { jkt: key.jkt }, now: () => NOW, headers }
    const request = { method: 'POST', url: '/export' }
    const passedOn = dpop({ publicUrl }).check({ ...use, request })
    expect(await passedOn).toEqual({ proof, method: 'POST', url })
  })
})
