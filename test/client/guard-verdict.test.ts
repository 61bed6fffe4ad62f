// What a verdict of the guard tells the application beside the answer to the caller: what a step-up must
// meet, what went wrong for its own log, and what a handler finds on the request.
import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { LostReply } from '../../client/resource/service.ts'
import { createGuard, type GuardedCall, type Verdict } from '../../client/resource.ts'
import { listen, startStandIn } from '../support/standin.ts'

const EXPORT = 'wallet.waas.export'

const callOf = (subject: string, token?: string): GuardedCall => ({
  action: EXPORT,
  subject,
  headers: { get: (name) => (name === 'countersign-token' ? (token ?? null) : null) },
})

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

it('tells of no requirement where no step-up helps', async () => {
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
  expect(problem).toContain('The resource key of this API is not known in this environment.')
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
    detail: 'What this action is about could not be read.',
  })
  expect(blocked(told).cause).toEqual(new Error('of the application'))
})

describe('beside a token of its own header', () => {
  it.each<[string, boolean]>([
    ['Bearer TOKEN', true],
    ['bearer   TOKEN', true],
    ['DPoP TOKEN', true],
    ['Bearer TOKEN more', false],
    ['Basic x, Bearer TOKEN', false],
    ['xBearer TOKEN', false],
    ['TOKEN', false],
  ])('that of the authorization header "%s" counts where it is set so', async (value, counts) => {
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

  it('comes first', async () => {
    await using countersign = await startStandIn()
    const guard = createGuard({ ...countersign.options, tokenHeader: 'authorization' })
    const headers = new Headers({
      authorization: 'Bearer of-the-session',
      'countersign-token': await countersign.mint('alice'),
    })
    const verdict = await guard.check({ action: EXPORT, subject: 'alice', headers })
    expect(verdict).toMatchObject({ allowed: true, by: 'token' })
  })

  it('none is none', async () => {
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
  await using countersign = await startStandIn()
  const contexts: unknown[] = []
  const watched: typeof fetch = (input, init) => {
    if (String(input).endsWith('/policy.check'))
      contexts.push(JSON.parse(String(init?.body)).context)
    return fetch(input, init)
  }
  const guard = createGuard({ ...countersign.options, fetch: watched })
  await guard.check({ ...callOf('bob'), ...(country !== undefined && { country }) })
  expect(contexts).toEqual([asked === undefined ? undefined : { country: asked }])
})

it('tells of no requirement for a token that is none', async () => {
  await using countersign = await startStandIn()
  const verdict = await createGuard(countersign.options).check(callOf('alice', 'none'))
  expect(verdict).toMatchObject({ allowed: false, reason: 'token_invalid' })
  expect(verdict).not.toHaveProperty('requirement')
})

it('asks to enroll who has no factor, but says of a token what is wrong with it', async () => {
  await using countersign = await startStandIn()
  const toEnroll: typeof fetch = async (input, init) => {
    const text = await (await fetch(input, init)).text()
    const bent = text
      .replace('"conditional":false', '"conditional":true')
      .replace('"decision":"step_up"', '"decision":"enroll"')
    return new Response(bent, { headers: { 'content-type': 'application/json' } })
  }
  const guard = createGuard({ ...countersign.options, fetch: toEnroll })
  const token = await countersign.mint('alice')
  countersign.spent.add(JSON.parse(atob(token.split('.')[1] ?? '')).jti)
  expect(await guard.check(callOf('alice'))).toMatchObject({ reason: 'enrollment_required' })
  expect(await guard.check(callOf('alice', token))).toMatchObject({ reason: 'token_used' })
})

function blocked(verdict: Verdict | undefined) {
  if (!verdict || verdict.allowed) throw new Error('it was allowed')
  return verdict
}
