// The verdict of the guard for the application: the requirement of a step-up, the cause for its log, and what a
// handler finds on the request.
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { LostReply } from '../../client/resource/service.ts'
import {
  createGuard,
  type GuardedCall,
  type GuardOptions,
  type Verdict,
} from '../../client/resource.ts'
import type { Reason } from '../../contract/index.ts'
import { listen, startStandIn } from '../support/stand-in.ts'

const EXPORT = 'wallet.waas.export'

const callOf = (subject: string, token?: string): GuardedCall => ({
  action: EXPORT,
  subject,
  headers: { get: (name) => (name === 'countersign-token' ? (token ?? null) : null) },
})

type Answers = Record<string, (answer: Record<string, unknown>) => unknown>

/** The stand-in, with what it was asked, and answers that can be bent. */
async function scene(answers: Answers = {}, more: Partial<GuardOptions> = {}) {
  const countersign = await startStandIn()
  const asked: { name: string; input: Record<string, unknown> }[] = []
  const bending: typeof fetch = async (url, init) => {
    const name = String(url).split('/').at(-1) ?? ''
    asked.push({ name, input: JSON.parse(String(init?.body ?? '{}')) })
    const response = await fetch(url, init)
    const answer = (await response.json()) as { result?: { data: Record<string, unknown> } }
    const { result } = answer
    const bent = result && answers[name] ? { result: { data: answers[name](result.data) } } : answer
    return Response.json(bent, { status: response.status })
  }
  const guard = createGuard({ ...countersign.options, ...more, fetch: bending })
  const named = (name: string) => asked.filter((one) => one.name === name)
  return { ...countersign, guard, named }
}

it('tells what a step-up must meet, and of nothing that went wrong', async () => {
  await using countersign = await startStandIn()
  const verdict = await createGuard(countersign.options).check(callOf('alice'))
  expect(verdict).toMatchObject({
    allowed: false,
    reason: 'step_up_required',
    requirement: { action: EXPORT, scope: 'wallet:export', methods: ['totp'], acr: 'mfa' },
  })
  expect(verdict).not.toHaveProperty('cause')
})

it('names no requirement if no step-up helps', async () => {
  await using countersign = await startStandIn()
  const verdict = await createGuard(countersign.options).check(callOf(''))
  expect(verdict).toMatchObject({ allowed: false, reason: 'unauthenticated' })
  expect(Object.keys(verdict).sort()).toEqual(['allowed', 'reason', 'response'])
})

it('tells what was refused behind a 503, and not the caller', async () => {
  await using countersign = await startStandIn()
  const guard = createGuard({ ...countersign.options, resourceKey: 'csk_res_another' })
  const verdict = await guard.check(callOf('alice'))
  expect(verdict).toMatchObject({ allowed: false, reason: 'unavailable' })
  const { cause, response } = blocked(verdict)
  expect(cause).toEqual(new Error('Countersign refused: unauthenticated'))
  const problem = await response.text()
  expect(problem).toContain('This environment does not know the resource key.')
  expect(problem).not.toContain('refused')
})

it('tells that the reply was lost, and how', async () => {
  const countersign = await startStandIn()
  const guard = createGuard(countersign.options)
  await countersign[Symbol.asyncDispose]()
  const { cause } = blocked(await guard.check(callOf('alice')))
  expect(cause).toBeInstanceOf(LostReply)
  expect((cause as LostReply).cause).toBeInstanceOf(TypeError)
})

it('takes an address that ends with slashes', async () => {
  await using countersign = await startStandIn()
  const guard = createGuard({ ...countersign.options, url: `${countersign.url}//` })
  const verdict = await guard.check(callOf('alice', await countersign.mint('alice')))
  expect(verdict).toMatchObject({ allowed: true, by: 'token', claims: { sub: 'alice' } })
})

it('stands on a request of Node, allowed or not', async () => {
  await using countersign = await startStandIn()
  const guarded = createGuard(countersign.options).requireStepUpNode({
    action: EXPORT,
    subject: ({ headers }: IncomingMessage) => String(headers['x-user']),
  })
  const seen: unknown[] = []
  await using app = await listen(async (request, response) => {
    await guarded(request, response, () => response.end())
    seen.push((request as IncomingMessage & { stepUp?: Verdict }).stepUp)
  })
  await fetch(app.url, { headers: { 'x-user': 'bob' } })
  await fetch(app.url, { headers: { 'x-user': 'alice' } })
  expect(seen).toMatchObject([
    { allowed: true, by: 'policy' },
    { allowed: false, reason: 'step_up_required' },
  ])
})

it('tells the caller that what an action is about could not be read, and the application why', async () => {
  await using countersign = await startStandIn()
  const guarded = createGuard(countersign.options).requireStepUpNode({
    action: EXPORT,
    subject: () => {
      throw new Error('of the application')
    },
  })
  let told: Verdict | undefined
  await using app = await listen(async (request, response) => {
    await guarded(request, response, () => response.end())
    told = (request as IncomingMessage & { stepUp?: Verdict }).stepUp
  })
  const problem = await (await fetch(app.url)).json()
  expect(problem).toMatchObject({
    reason: 'unavailable',
    detail: 'Details or user could not be read.',
  })
  expect(blocked(told).cause).toEqual(new Error('of the application'))
})

describe('the authorization header', () => {
  it.each<[string, boolean]>([
    ['Bearer TOKEN', true],
    ['bearer   TOKEN', true],
    ['DPoP TOKEN', true],
    ['Bearer TOKEN more', false],
    ['Basic x, Bearer TOKEN', false],
    ['xBearer TOKEN', false],
    ['TOKEN', false],
  ])('is read where it is set so: %s, %s', async (value, counts) => {
    await using countersign = await startStandIn()
    const token = await countersign.mint('alice')
    const headers = new Headers({ authorization: value.replace('TOKEN', token) })
    const call = { action: EXPORT, subject: 'alice', headers }
    expect(await createGuard(countersign.options).check(call)).toMatchObject({ allowed: false })
    const guard = createGuard({ ...countersign.options, tokenHeader: 'authorization' })
    expect(await guard.check(call)).toMatchObject(
      counts ? { allowed: true, by: 'token' } : { allowed: false, reason: 'step_up_required' },
    )
  })

  it('comes second to the header that is for tokens', async () => {
    await using countersign = await startStandIn()
    const guard = createGuard({ ...countersign.options, tokenHeader: 'authorization' })
    const headers = new Headers({
      authorization: 'Bearer of-the-session',
      'countersign-token': await countersign.mint('alice'),
    })
    const verdict = await guard.check({ action: EXPORT, subject: 'alice', headers })
    expect(verdict).toMatchObject({ allowed: true, by: 'token' })
  })

  it('may be missing', async () => {
    await using countersign = await startStandIn()
    const guard = createGuard({ ...countersign.options, tokenHeader: 'authorization' })
    const verdict = await guard.check({ action: EXPORT, subject: 'alice', headers: new Headers() })
    expect(verdict).toMatchObject({ allowed: false, reason: 'step_up_required' })
  })
})

it.each([
  ['DE', 'DE'],
  ['T1', undefined],
  ['DEU', undefined],
  ['xDE', undefined],
  ['', undefined],
  [undefined, undefined],
])('asks the policy about a country only where it is one: %s', async (country, asked) => {
  await using at = await scene()
  await at.guard.check({ ...callOf('bob'), ...(country !== undefined && { country }) })
  const contexts = at.named('action.authorize').map(({ input }) => input.context)
  expect(contexts).toEqual([asked === undefined ? {} : { country: asked }])
})

it('tells the service the session of a token, and of no call without one', async () => {
  await using at = await scene()
  const sessionId = 'session-1'
  await at.guard.check({ ...callOf('bob'), sessionId })
  await at.guard.check({ ...callOf('alice', await at.mint('alice')), sessionId })
  const told = at.named('action.authorize').map(({ input }) => input.sessionId)
  expect(told).toEqual([undefined, sessionId])
})

it('names no requirement for a text that is not a token', async () => {
  await using countersign = await startStandIn()
  const verdict = await createGuard(countersign.options).check(callOf('alice', 'none'))
  expect(verdict).toMatchObject({ allowed: false, reason: 'token_invalid' })
  expect(verdict).not.toHaveProperty('requirement')
})

describe('a rule that the service must be asked about', () => {
  /** The list shows another freshness than the rule in effect, which the service answers with. */
  const asking = () =>
    scene({
      'policy.list': (list) => ({
        ...list,
        actions: (list.actions as object[]).map((rule) => ({
          ...rule,
          ...{ conditional: true, freshnessSeconds: 30 },
        })),
      }),
    })
  const inEffect = { requirement: { freshnessSeconds: 300 } }

  it.each<[string, fault: object | undefined, reason: Reason, more?: object]>([
    ['alice', undefined, 'step_up_required', inEffect],
    ['alice', { jti: 7 }, 'token_invalid'],
    ['alice', { scope: 'orders:refund' }, 'scope_not_allowed', inEffect],
    ['alice', { auth_time: 0 }, 'step_up_required', inEffect],
    ['carol', undefined, 'enrollment_required', inEffect],
    ['carol', { jti: 7 }, 'token_invalid'],
    ['carol', { scope: 'orders:refund' }, 'scope_not_allowed', inEffect],
    ['carol', { auth_time: 0 }, 'enrollment_required', inEffect],
    ['dave', { scope: 'orders:refund' }, 'denied'],
  ])('refuses %s with a token with %j: %s', async (subject, fault, reason, more = {}) => {
    await using at = await asking()
    const token = fault && (await at.mint(subject, fault))
    const verdict = await at.guard.check(callOf(subject, token))
    expect(verdict).toMatchObject({ allowed: false, reason, ...more })
    if (!('requirement' in more)) expect(verdict).not.toHaveProperty('requirement')
    const calls = at.named('action.authorize').map(({ input }) => Object.keys(input).sort())
    expect(calls).toEqual([['action', 'context', 'requireDetails', 'subject']])
  })

  it.each(['none', 'a.b.c'])(
    'permits a call with the token %s if none is needed',
    async (token) => {
      await using at = await asking()
      expect(await at.guard.check(callOf('bob', token))).toMatchObject({
        allowed: true,
        by: 'policy',
      })
      expect(at.named('action.authorize')).toHaveLength(1)
    },
  )

  it('answers 503 for a token that cannot be checked because a reply was lost', async () => {
    const at = { epoch: 0, now: Math.floor(Date.now() / 1000) }
    const lists: string[] = []
    await using one = await scene(
      {
        'policy.list': (list) => {
          lists.push('asked')
          if (lists.length > 1) throw new TypeError('connection lost')
          const rule = { ...(list.actions as object[])[0], conditional: true }
          return { ...list, actions: [rule] }
        },
      },
      { now: () => at.now },
    )
    await one.guard.check(callOf('bob'))
    at.now += 10
    const later = await one.mint('alice', { epoch: 1 })
    const verdict = await one.guard.check(callOf('alice', later))
    expect(verdict).toMatchObject({ allowed: false, reason: 'unavailable' })
    expect(lists).toHaveLength(2)
  })

  it('is asked once with a token that passes every check, also by a guard that works offline', async () => {
    await using at = await scene(
      {
        'policy.list': (list) => ({
          ...list,
          actions: (list.actions as object[]).map((rule) => ({
            ...rule,
            ...{ conditional: true, singleUse: false },
          })),
        }),
      },
      { revocation: 'offline' },
    )
    const token = await at.mint('alice', { singleUse: false })
    expect(await at.guard.check(callOf('alice', token))).toMatchObject({ by: 'token' })
    expect(at.named('action.authorize').map(({ input }) => input.token)).toEqual([token])
  })
})

describe('a token to be spent', () => {
  it('is spent for the session that the application knows, and for none where it knows none', async () => {
    await using at = await scene()
    const call = { ...callOf('alice', await at.mint('alice')), sessionId: 'session-1' }
    expect(await at.guard.check(call)).toMatchObject({ allowed: true })
    expect(at.named('action.authorize')[0]?.input).toMatchObject({ sessionId: 'session-1' })
    await at.guard.check(callOf('alice', await at.mint('alice')))
    const last = at.named('action.authorize').at(-1)?.input ?? {}
    expect(Object.keys(last).sort()).toEqual([
      ...['action', 'context', 'idempotencyKey', 'requireDetails', 'subject', 'token'],
    ])
  })

  it.each<[string, (answer: Record<string, unknown>) => unknown]>([
    ['is a text', () => 'authorized'],
    ['does not authorize', (answer) => ({ ...answer, authorized: false })],
    ['only seems to authorize', (answer) => ({ ...answer, authorized: 'true' })],
    ['does not say by what', ({ by, ...answer }) => answer],
    ['names another ground', (answer) => ({ ...answer, by: 'operator' })],
    ['names no claims', ({ claims, ...answer }) => answer],
    ['names the policy and no decision', (answer) => ({ ...answer, by: 'policy' })],
    ['is about another token', (answer) => ({ ...answer, claims: { sub: 'alice', jti: 'x' } })],
    [
      'is about another user',
      ({ claims, ...answer }) => ({ ...answer, claims: { ...Object(claims), sub: 'bob' } }),
    ],
  ])('does not count where the answer %s', async (_name, bend) => {
    await using at = await scene({ 'action.authorize': bend })
    const verdict = await at.guard.check(callOf('alice', await at.mint('alice')))
    expect(verdict).toMatchObject({ allowed: false, reason: 'unavailable' })
    expect(await blocked(verdict).response.json()).toMatchObject({
      detail: 'action.authorize returned an unexpected response.',
    })
  })

  it.each<[string, (decision: object) => object]>([
    ['is a step-up', (decision) => ({ ...decision, decision: 'step_up' })],
    ['is about another action', (decision) => ({ ...decision, action: 'wallet.waas.sign' })],
    ['is about another scope', (decision) => ({ ...decision, scope: 'wallet:sign' })],
    ['is cut off', () => ({ decision: 'permit' })],
  ])('is needed where the decision of the policy %s', async (_name, bend) => {
    await using at = await scene({
      'action.authorize': (answer) => ({ ...answer, decision: bend(Object(answer.decision)) }),
    })
    const verdict = await at.guard.check(callOf('bob'))
    expect(verdict).toMatchObject({ allowed: false, reason: 'unavailable' })
  })

  it('is not taken as spent where none was sent', async () => {
    const claims = { sub: 'bob', jti: 'x' }
    await using at = await scene({
      'action.authorize': (answer) => ({ ...answer, by: 'token', claims }),
    })
    expect(await at.guard.check(callOf('bob'))).toMatchObject({ reason: 'unavailable' })
  })

  it('may be of an epoch that began after the list was kept', async () => {
    const at = { epoch: 0, now: Math.floor(Date.now() / 1000) }
    const answers: Answers = { 'policy.list': (list) => ({ ...list, epoch: at.epoch }) }
    await using one = await scene(answers, { now: () => at.now })
    await one.guard.check(callOf('bob'))
    at.epoch = 1
    at.now += 10
    const verdict = await one.guard.check(callOf('alice', await one.mint('alice', { epoch: 1 })))
    expect(verdict).toMatchObject({ allowed: true, by: 'token' })
    expect(one.named('policy.list')).toHaveLength(2)
  })

  it('may not be of an epoch that has ended, and no list is asked for again', async () => {
    await using at = await scene({ 'policy.list': (list) => ({ ...list, epoch: 1 }) })
    const verdict = await at.guard.check(callOf('alice', await at.mint('alice')))
    expect(verdict).toMatchObject({ allowed: false, reason: 'token_revoked' })
    expect(at.named('policy.list')).toHaveLength(1)
    expect(at.named('action.authorize')).toHaveLength(0)
  })
})

function blocked(verdict: Verdict | undefined) {
  if (!verdict || verdict.allowed) throw new Error('it was allowed')
  return verdict
}

it('refuses details for an action whose rule ignores them, and names the action', async () => {
  const details = { amount: 5 }
  const ignoring = (answer: Record<string, unknown>, more: object = {}) => ({
    ...answer,
    actions: (answer.actions as object[]).map((rule) => ({ ...rule, details: 'none', ...more })),
  })
  await using at = await scene({ 'policy.list': (answer) => ignoring(answer) })
  const call = callOf('bob')
  for (const given of [{ details }, { requireDetails: true }]) {
    const verdict = await at.guard.check({ ...call, ...given })
    expect(verdict).toMatchObject({ allowed: false, reason: 'unavailable' })
    expect(blocked(verdict).response.status).toBe(503)
    const { detail } = (await blocked(verdict).response.json()) as { detail: string }
    expect(detail).toContain(`The rule of ${EXPORT} ignores details`)
  }
  expect(at.named('action.authorize')).toEqual([])
  for (const given of [{}, { details, requireDetails: false }])
    expect(await at.guard.check({ ...call, ...given })).toMatchObject({ allowed: true })
  await using stricter = await scene({
    'policy.list': (answer) => ignoring(answer, { conditional: true }),
  })
  expect(await stricter.guard.check({ ...call, details })).toMatchObject({ allowed: true })
})
