// The guard's calls to Countersign: what it sends, and how it handles every kind of answer.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { GuardRefusal, type RefusalMembers } from '../../client/resource/answers.ts'
import { TIMEOUT_MS } from '../../client/resource/kept.ts'
import { LostReply, openService } from '../../client/resource/service.ts'
import type { Reason } from '../../contract/index.ts'

const MOST_BYTES = 256 * 1024
const JSON_TYPE = { 'content-type': 'application/json' }
const OPTIONS = {
  url: 'https://countersign.example',
  environment: 'demo',
  audience: 'https://api.example',
  resourceKey: 'csk_res_for-tests-alone',
}

type Answer = () => Response | Promise<Response>

function opened(answer: Answer, url = OPTIONS.url) {
  const fetch = vi.fn(async (_url: string | URL | Request, _init?: RequestInit) => answer())
  return { service: openService({ ...OPTIONS, url, fetch }), fetch }
}

const json = (body: unknown, status = 200, headers: Record<string, string> = JSON_TYPE): Answer => {
  return () => new Response(JSON.stringify(body), { status, headers })
}
const result = json({ result: { data: { n: 1 } } })
const bytes = (...chunks: (string | number[])[]) => {
  const encoded = chunks.map((chunk) =>
    typeof chunk === 'string' ? new TextEncoder().encode(chunk) : Uint8Array.from(chunk),
  )
  return () => {
    const start = (controller: ReadableStreamDefaultController) => {
      for (const chunk of encoded) controller.enqueue(chunk)
      controller.close()
    }
    return new Response(new ReadableStream({ start }), { headers: JSON_TYPE })
  }
}

/** Why a call was refused, or that its reply was lost. */
async function failure(answer: Answer, of: 'call' | 'read' = 'call') {
  const { service } = opened(answer)
  const asked = of === 'call' ? service.call('action.authorize', {}) : service.read('/keys')
  const error: unknown = await asked.catch((thrown) => thrown)
  if (error instanceof GuardRefusal) return { reason: error.reason, ...error.members }
  if (error instanceof LostReply) return { lost: error.message, cause: error.cause }
  throw new Error('not refused', { cause: error })
}

const unavailable = (detail: string) => ({
  ...{ reason: 'unavailable', detail, cause: new Error(detail) },
})
const NONE = unavailable('action.authorize returned an unexpected response.')
const NO_DOCUMENT = unavailable('Countersign did not answer /keys.')

describe('what is sent', () => {
  it('is a call with the resource key, that is never followed elsewhere', async () => {
    const { service, fetch } = opened(result)
    expect(await service.call('action.authorize', { action: 'x' })).toEqual({ n: 1 })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe('https://countersign.example/demo/trpc/action.authorize')
    expect(init).toEqual({
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        authorization: 'Bearer csk_res_for-tests-alone',
      },
      body: '{"action":"x"}',
      redirect: 'manual',
      signal: expect.any(AbortSignal),
    })
  })

  it('is a request for a public document, without the key, past whatever keeps a copy', async () => {
    const { service, fetch } = opened(json({ keys: [] }))
    expect(await service.read('/keys')).toEqual({ keys: [] })
    const [url, init] = fetch.mock.calls[0] ?? []
    expect(url).toBe('https://countersign.example/demo/keys')
    expect(init).toEqual({
      headers: { 'cache-control': 'no-cache' },
      redirect: 'manual',
      signal: expect.any(AbortSignal),
    })
  })

  it.each(['', '/', '//'])('goes to an address that ends with "%s"', async (end) => {
    const { service, fetch } = opened(result, `https://edge.example/countersign${end}`)
    await service.call('policy.list', {})
    expect(fetch.mock.calls[0]?.[0]).toBe('https://edge.example/countersign/demo/trpc/policy.list')
  })
})

describe('an answer', () => {
  it.each([201, 204, 302, 404, 499])('with status %i is no result', async (status) => {
    const bodiless = status === 204
    const answer: Answer = bodiless
      ? () => new Response(null, { status, headers: JSON_TYPE })
      : json({ result: { data: {} } }, status)
    expect(await failure(answer)).toEqual(NONE)
    expect(await failure(answer, 'read')).toEqual(NO_DOCUMENT)
  })

  it.each<[string, Answer]>([
    ['null', json(null)],
    ['a list', json([{ result: { data: {} } }])],
    ['without a result', json({})],
    ['with a result that is a text', json({ result: 'data' })],
    ['of another type', json({ result: { data: {} } }, 200, { 'content-type': 'text/html' })],
    ['of no type', () => new Response(new TextEncoder().encode('{"result":{"data":{}}}'))],
    ['that is cut off', bytes('{"result":{"da')],
    ['without a body', () => new Response(null, { headers: JSON_TYPE })],
    ['with an error that is a text', json({ error: 'no' })],
    ['with an error without data', json({ error: { message: 'No.' } })],
    ['with an error of no reason', json({ error: { data: { reason: 5 } } })],
  ])('%s is unexpected', async (_name, answer) => {
    expect(await failure(answer)).toEqual(NONE)
  })

  it.each(['application/json; charset=utf-8', 'application/problem+json', 'Application/JSON'])(
    'of type %s is read',
    async (type) => {
      const headers = { 'content-type': type }
      const { service } = opened(json({ result: { data: 7 } }, 200, headers))
      expect(await service.call('policy.list', {})).toBe(7)
    },
  )

  it.each(['text/json', 'application/jsonx', 'x-application/json'])(
    'of type %s is not',
    async (type) => {
      const headers = { 'content-type': type }
      expect(await failure(json({ result: { data: 7 } }, 200, headers))).toEqual(NONE)
      expect(await failure(json({ keys: [] }, 200, headers), 'read')).toEqual(NO_DOCUMENT)
    },
  )

  it.each([500, 503])('with status %i is a lost reply', async (status) => {
    const lost = { lost: `Countersign answered with status ${status}.`, cause: undefined }
    expect(await failure(() => new Response('down', { status }))).toEqual(lost)
  })

  it('that does not come is a lost reply, with its cause', async () => {
    const away = new TypeError('away')
    const lost = { lost: 'Countersign does not answer.', cause: away }
    expect(await failure(() => Promise.reject(away))).toEqual(lost)
  })

  it('may come in parts, cut within a character', async () => {
    const [high = 0, low = 0] = new TextEncoder().encode('é')
    const { service } = opened(bytes('{"result":{"data":"caf', [high], [low], '"}}'))
    expect(await service.call('policy.list', {})).toBe('café')
  })

  it('that is no UTF-8 is a lost reply', async () => {
    const end = bytes('{"result":{"data":"', [0xff], '"}}')
    expect(await failure(end)).toMatchObject({ lost: 'Countersign does not answer.' })
    const cut = bytes('{"result":{"data":"x"}}', [0xc3])
    expect(await failure(cut)).toMatchObject({ lost: 'Countersign does not answer.' })
  })

  it('may be 256 KiB long, and the rest of a longer one is not waited for', async () => {
    const body = (length: number) => {
      const [start, end] = ['{"result":{"data":"', '"}}']
      return start + 'x'.repeat(length - start.length - end.length) + end
    }
    const { service } = opened(bytes(body(MOST_BYTES)))
    expect(await service.call('policy.list', {})).toHaveLength(MOST_BYTES - 22)
    const cancel = vi.fn()
    const endless: Answer = () => {
      const chunk = new TextEncoder().encode(body(MOST_BYTES + 1))
      const start = (controller: ReadableStreamDefaultController) => controller.enqueue(chunk)
      return new Response(new ReadableStream({ start, cancel }), { headers: JSON_TYPE })
    }
    expect(await failure(endless)).toMatchObject({
      cause: new Error(`the answer is longer than ${MOST_BYTES} bytes`),
    })
    expect(cancel).toHaveBeenCalledOnce()
  })
})

describe('a refusal', () => {
  const REQUIREMENT = {
    action: 'x',
    scope: 'x:y',
    methods: ['totp'],
    acr: 'mfa',
    freshnessSeconds: 120,
    details: 'none',
  }
  const refusing = (data: object, message: unknown = 'No.', status = 401) =>
    failure(json({ error: { message, data } }, status))

  it.each<Reason>([
    'token_expired',
    'token_used',
    'token_revoked',
    'token_invalid',
    'step_up_required',
    'enrollment_required',
    'scope_not_allowed',
    'details_mismatch',
    'details_required',
    'denied',
    'unknown_action',
    'input_invalid',
  ])('of the user goes on to the caller: %s', async (reason) => {
    const refused = { reason, detail: 'No.', requirement: REQUIREMENT }
    expect(await refusing({ reason, requirement: REQUIREMENT })).toEqual(refused)
  })

  it('goes on without what is not of its form', async () => {
    const { acr, ...half } = REQUIREMENT
    const bare = { reason: 'token_used', detail: undefined, requirement: undefined }
    expect(await refusing({ reason: 'token_used', requirement: half }, 5)).toEqual(bare)
  })

  it.each<[Reason, string | undefined]>([
    ['unauthenticated', 'This environment does not know the resource key.'],
    ['not_found', 'This guard needs a newer service.'],
    ['unknown_environment', 'This environment does not exist.'],
    ['rate_limited', undefined],
    ['unavailable', undefined],
    ['internal' as Reason, undefined],
  ])('that only a developer can mend is no refusal of the user: %s', async (reason, detail) => {
    const told: RefusalMembers & { reason: Reason } = {
      reason: 'unavailable',
      detail,
      retryAfterSeconds: 7,
      cause: new Error(`Countersign refused: ${reason}`),
    }
    expect(await refusing({ reason, retryAfterSeconds: 7 })).toEqual(told)
    expect(await refusing({ reason, retryAfterSeconds: 7 }, 'No.', 503)).toEqual(told)
    for (const odd of ['7', -1, 1.5, null])
      expect(await refusing({ reason, retryAfterSeconds: odd })).toMatchObject({
        retryAfterSeconds: undefined,
      })
  })
})

describe('a call that takes too long', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('is broken off, and its reply is lost', async () => {
    const { service, fetch } = opened(() => new Promise<Response>(() => {}))
    const told = expect(service.call('policy.list', {})).rejects.toMatchObject({
      message: 'Countersign does not answer.',
      cause: { message: `no answer within ${TIMEOUT_MS} ms` },
    })
    await vi.advanceTimersByTimeAsync(TIMEOUT_MS - 1)
    const signal = fetch.mock.calls[0]?.[1]?.signal
    expect(signal?.aborted).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    await told
    expect(signal?.aborted).toBe(true)
  })
})
