// The guard on Node with the global fetch: Express 5 and plain http, against a simulated Countersign.
import type { IncomingMessage } from 'node:http'
import express, { type Request } from 'express'
import { describe, expect, it } from 'vitest'
import { createGuard, type GuardOptions, type NodeRequest } from '../../client/resource.ts'
import { listen, startStandIn } from '../support/stand-in.ts'

interface Posted {
  user?: string
  token?: string | undefined
  body?: string
}

const post = (url: string, { user, token, body = '{"to":"0xabc"}' }: Posted) =>
  fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': 'application/json',
      ...(user !== undefined && { 'x-user': user }),
      ...(token !== undefined && { 'countersign-token': token }),
    },
  })

/** The user as an application would know them by its session; here a header has to do. */
const userOf = ({ headers }: NodeRequest): string => headers['x-user']?.toString() ?? ''

type Make = (options: GuardOptions) => Promise<{
  url: string
  runs: () => number
  [Symbol.asyncDispose](): Promise<void>
}>

const inExpress: Make = async (options) => {
  const guard = createGuard(options)
  let runs = 0
  const app = express()
  app.use(express.json())
  app.post(
    '/',
    guard.requireStepUpNode({
      action: 'wallet.waas.export',
      subject: userOf,
      details: (request: Request) => {
        if (request.body.broken) throw new Error('no details')
        return request.body
      },
    }),
    (_request, response) => {
      runs += 1
      response.json({ ran: true })
    },
  )
  return { ...(await listen(app)), runs: () => runs }
}

const inPlainNode: Make = async (options) => {
  const guard = createGuard(options)
  let runs = 0
  const bodies = new WeakMap<IncomingMessage, Record<string, unknown>>()
  const guarded = guard.requireStepUpNode({
    action: 'wallet.waas.export',
    subject: userOf,
    details: (request: IncomingMessage) => {
      const body = bodies.get(request)
      if (body?.broken) throw new Error('no details')
      return body
    },
  })
  const server = await listen(async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    bodies.set(request, JSON.parse(String(Buffer.concat(chunks))))
    await guarded(request, response, () => {
      runs += 1
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ ran: true }))
    })
  })
  return { ...server, runs: () => runs }
}

describe.each([
  ['Express', inExpress],
  ['plain http', inPlainNode],
])('the guard in %s', (_name, make) => {
  it('challenges, runs once for a token, and challenges again', async () => {
    await using countersign = await startStandIn()
    await using app = await make(countersign.options)
    const asked = await post(app.url, { user: 'alice' })
    expect(asked.status).toBe(401)
    expect(asked.headers.get('www-authenticate')).toContain('insufficient_user_authentication')
    expect(asked.headers.get('content-type')).toBe('application/problem+json')
    expect(asked.headers.get('cache-control')).toBe('no-store')
    expect(await asked.json()).toMatchObject({
      reason: 'step_up_required',
      requirement: { scope: 'wallet:export' },
    })
    const token = await countersign.mint('alice', {}, { to: '0xabc' })
    const other = await post(app.url, { user: 'alice', token, body: '{"to":"0xdef"}' })
    expect(await other.json()).toMatchObject({ reason: 'details_mismatch' })
    const done = await post(app.url, { user: 'alice', token })
    expect([done.status, await done.json()]).toEqual([200, { ran: true }])
    expect(await (await post(app.url, { user: 'alice', token })).json()).toMatchObject({
      reason: 'token_used',
    })
    expect(app.runs()).toBe(1)
  })

  it('runs once among many simultaneous requests', async () => {
    await using countersign = await startStandIn()
    await using app = await make(countersign.options)
    const token = await countersign.mint('alice', {}, { to: '0xabc' })
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => post(app.url, { user: 'alice', token })),
    )
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1)
    expect(app.runs()).toBe(1)
  })

  it('runs where the policy permits, and not for the token of another', async () => {
    await using countersign = await startStandIn()
    await using app = await make(countersign.options)
    expect((await post(app.url, { user: 'bob' })).status).toBe(200)
    const token = await countersign.mint('alice')
    const borrowed = await post(app.url, { user: 'bob', token })
    expect(borrowed.status).toBe(401)
    expect(borrowed.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(countersign.spent.size).toBe(0)
    expect(app.runs()).toBe(1)
  })

  it('answers by itself, without the handler, when nobody is signed in or a rule throws', async () => {
    await using countersign = await startStandIn()
    await using app = await make(countersign.options)
    expect((await post(app.url, {})).status).toBe(401)
    expect((await post(app.url, { user: 'bob', body: '{"broken":true}' })).status).toBe(503)
    expect(app.runs()).toBe(0)
  })

  it('answers 503 when Countersign is away or does not know the key', async () => {
    const countersign = await startStandIn()
    await using app = await make(countersign.options)
    await using other = await make({ ...countersign.options, resourceKey: 'csk_res_another' })
    const unknown = await post(other.url, { user: 'bob' })
    expect([unknown.status, unknown.headers.get('retry-after')]).toEqual([503, '2'])
    await countersign[Symbol.asyncDispose]()
    expect((await post(app.url, { user: 'bob' })).status).toBe(503)
    expect(app.runs() + other.runs()).toBe(0)
  })
})
