// The APIs of examples/python-api and examples/go-api, with a simulated Countersign: what a caller gets for each of its
// answers. test/start/examples.test.ts runs both with the service. The lines of the reference compile in both languages.
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { json } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { endpoints } from '../../reference/openapi.ts'
import { snippetOf } from '../../reference/snippets.ts'
import { nextFreePort } from '../../scripts/ports.ts'
import { listen } from '../support/stand-in.ts'
import { fastapiPython, isAbsent, type Peer, withPeer } from './support/peers.ts'

const scratch = mkdtempSync(join(tmpdir(), 'countersign-apis-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const APIS: { peer: Peer; folder: string; command: string[] }[] = [
  { peer: 'fastapi', folder: 'examples/python-api', command: [fastapiPython, 'api.py'] },
  { peer: 'go', folder: 'examples/go-api', command: [join(scratch, 'api')] },
]

const CHALLENGE = 'Bearer error="insufficient_user_authentication", scope="orders:refund"'
const refused = (status: number, reason: string, more = {}) => ({
  status,
  body: { reason, ...more },
})
/** What Countersign answers, and what the caller of the API gets. */
const ANSWERS = [
  [
    { status: 200, body: { authorized: true, by: 'token' } },
    { status: 200, reason: undefined },
  ],
  [
    refused(401, 'step_up_required', { wwwAuthenticate: CHALLENGE }),
    { status: 401, reason: 'step_up_required', challenge: CHALLENGE },
  ],
  [
    refused(409, 'token_used', { wwwAuthenticate: CHALLENGE }),
    { status: 401, reason: 'token_used', challenge: CHALLENGE },
  ],
  [
    refused(403, 'token_invalid'),
    { status: 401, reason: 'token_invalid', challenge: 'Bearer error="invalid_token"' },
  ],
  [refused(403, 'denied'), { status: 403, reason: 'denied' }],
  [refused(404, 'unknown_action'), { status: 404, reason: 'unknown_action' }],
  [refused(400, 'input_invalid'), { status: 400, reason: 'input_invalid' }],
  [refused(401, 'unauthenticated'), { status: 503, reason: 'unavailable', retryAfter: '2' }],
  [refused(503, 'unavailable'), { status: 503, reason: 'unavailable', retryAfter: '2' }],
  [
    { status: 200, body: { authorized: false } },
    { status: 503, reason: 'unavailable', retryAfter: '2' },
  ],
] as const

describe.each(APIS)('$folder', ({ peer, folder, command: [program = '', ...args] }) => {
  const skipped = it.skipIf(isAbsent(peer))
  const named = (name: string) => withPeer(peer, name)
  const calls: Record<string, unknown>[] = []
  let answer: (response: ServerResponse) => void
  let api = ''
  let session = ''
  let end = async () => {}

  beforeAll(async () => {
    if (isAbsent(peer)) return
    if (peer === 'go') execFileSync('go', ['build', '-o', program, '.'], { cwd: folder })
    const countersign = await listen(async (request: IncomingMessage, response: ServerResponse) => {
      calls.push((await json(request)) as Record<string, unknown>)
      answer(response)
    })
    const port = await nextFreePort(18_970)
    api = `http://127.0.0.1:${port}`
    const variables = {
      PORT: `${port}`,
      COUNTERSIGN_URL: countersign.url,
      RESOURCE_KEY: 'csk_res_x',
    }
    const child = spawn(program, args, {
      ...{ cwd: folder, env: { ...process.env, ...variables } },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    end = async () => {
      child.kill()
      if (child.exitCode === null) await once(child, 'close')
      await countersign[Symbol.asyncDispose]()
    }
    await vi.waitFor(() => fetch(`${api}/jwks.json`), { timeout: 20_000, interval: 100 })
    session = await (await post('/sign-in', { name: 'ada' })).text()
  }, 60_000)
  afterAll(() => end())

  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(api + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })
  const refund = (headers: Record<string, string> = { authorization: `Bearer ${session}` }) =>
    post('/refund', { order: '17', amount: 25 }, headers)
  const answering = (status: number, body: object) => (response: ServerResponse) =>
    void response
      .writeHead(status, { 'content-type': 'application/problem+json' })
      .end(JSON.stringify(body))

  skipped(
    named('answers its caller by what Countersign says, and never runs without a yes'),
    async () => {
      for (const [{ status, body }, expected] of ANSWERS) {
        answer = answering(status, body)
        const response = await refund()
        const text = await response.text()
        expect({ said: body, ...seenOf(response, JSON.parse(text)) }).toEqual({
          ...{ said: body, challenge: null, retryAfter: null },
          ...expected,
          refunded: expected.status === 200,
        })
      }
    },
  )

  skipped(named('names its own user, the details and the token of the call'), async () => {
    answer = answering(200, { authorized: true, by: 'token' })
    await refund({ authorization: `Bearer ${session}`, 'countersign-token': 'a.b.c' })
    expect(calls.at(-1)).toEqual({
      ...{ action: 'order.refund', subject: 'ada', sessionId: expect.any(String) },
      ...{ details: { order: '17', amount: 25 }, token: 'a.b.c' },
      idempotencyKey: expect.stringMatching(/^.{32}$/),
    })
  })

  skipped(
    named('asks again with the same key if the reply was lost, and then gives up'),
    async () => {
      let lost = 1
      answer = (response) => {
        if (lost-- > 0) response.destroy()
        else answering(200, { authorized: true, by: 'token' })(response)
      }
      expect((await refund()).status).toBe(200)
      const [first, second] = calls.slice(-2)
      expect(second).toEqual(first)
      lost = 2
      expect((await refund()).status).toBe(503)
    },
  )

  skipped(named('asks nothing for a caller who is not signed in'), async () => {
    const before = calls.length
    for (const authorization of [
      '',
      'Bearer x',
      'Bearer a.b',
      `Bearer ${session}x`,
      `Bearer ${session.replace(/\.[^.]+$/, '')}`,
    ])
      expect((await refund({ authorization })).status).toBe(401)
    expect(calls.length).toBe(before)
  })
})

const seenOf = ({ status, headers }: Response, body: { reason?: string; refunded?: object }) => ({
  status,
  reason: body.reason,
  challenge: headers.get('www-authenticate'),
  retryAfter: headers.get('retry-after'),
  refunded: body.refunded !== undefined,
})

describe('the lines of the reference', () => {
  it.skipIf(isAbsent('fastapi'))(withPeer('fastapi', 'are Python'), () => {
    const lines = endpoints().map((endpoint) => snippetOf(endpoint, 'python'))
    const check = 'import json, sys\nfor one in json.load(sys.stdin): compile(one, "lines", "exec")'
    execFileSync(fastapiPython, ['-c', check], { input: JSON.stringify(lines) })
  })

  it.skipIf(isAbsent('go'))(withPeer('go', 'are Go, in its format'), () => {
    const files = endpoints().map((endpoint, index) => {
      const file = join(scratch, `${index}.go`)
      writeFileSync(file, `${snippetOf(endpoint, 'go')}\n`)
      return file
    })
    expect(execFileSync('gofmt', ['-l', ...files], { encoding: 'utf8' })).toBe('')
    execFileSync('go', ['vet', files[0] ?? ''])
  })
})
