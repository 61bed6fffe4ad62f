// The verifiers of examples/python and examples/go, which share no code with ours: what they say about each case of
// conformance/vectors.json, and how they consume a token.
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { listen } from '../support/stand-in.ts'
import { isAbsent, jwtPython, withPeer } from './support/peers.ts'
import { pythonOptions, VERIFIERS } from './support/verifiers.ts'

const FILE = resolve('conformance/vectors.json')

interface Vector {
  kind: string
  name: string
  expect: { verdict: string; reason: string | null }
}
const { vectors }: { vectors: Vector[] } = JSON.parse(readFileSync(FILE, 'utf8'))
const expected = vectors.map((one) => ({ kind: one.kind, name: one.name, ...one.expect }))

describe('the cases for verifiers', () => {
  for (const [peer, language, verify] of VERIFIERS)
    it.skipIf(isAbsent(peer))(
      withPeer(peer, `a verifier in ${language} gives every case the same verdict and reason`),
      () => expect(verify(FILE)).toEqual(expected),
      60_000,
    )
})

const CONSUME = `
import json, sys
from countersign import Refused, consume
for _ in range(int(sys.argv[2])):
    try:
        print(json.dumps(consume(sys.argv[1], "shop", "csk_res_x", {"token": "a.b.c"})))
    except Refused as refused:
        print(json.dumps(str(refused)))
`
const ANSWERS = [
  [200, '{"accepted":true,"replayed":false}', { accepted: true, replayed: false }],
  [200, '{"accepted":false}', 'unavailable'],
  [409, '{"reason":"token_used"}', 'token_used'],
  [502, 'Bad gateway', 'unavailable'],
] as const

describe('a resource', () => {
  it.skipIf(isAbsent('jwt'))(
    withPeer('jwt', 'in Python consumes a token only where Countersign accepts it'),
    async () => {
      const calls: unknown[] = []
      await using countersign = await listen(async (request: IncomingMessage, response) => {
        const [status = 500, body = ''] = ANSWERS[calls.length] ?? []
        calls.push([request.url, request.headers.authorization, await json(request)])
        response.writeHead(status).end(body)
      })
      const args = ['-c', CONSUME, countersign.url, `${ANSWERS.length}`]
      const { stdout } = await promisify(execFile)(jwtPython, args, pythonOptions)
      const results = stdout.trimEnd().split('\n')
      expect(results.map((line) => JSON.parse(line))).toEqual(ANSWERS.map(([, , result]) => result))
      const call = ['/shop/v1/token/consume', 'Bearer csk_res_x', { token: 'a.b.c' }]
      expect(calls).toEqual(ANSWERS.map(() => call))
    },
  )
})
