// What a verdict of the guard tells the application beside the answer to the caller: what a step-up must
// meet, what went wrong for its own log, and what a handler finds on the request.
import type { IncomingMessage } from 'node:http'
import { expect, it } from 'vitest'
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

function blocked(verdict: Verdict | undefined) {
  if (!verdict || verdict.allowed) throw new Error('it was allowed')
  return verdict
}
