// The verifiers of examples/python and examples/go, which share no code with ours: what they say about each case of
// conformance/vectors.json, and how they consume a token.
import { execFile, execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import { afterAll, describe, expect, it } from 'vitest'
import { listen } from '../support/stand-in.ts'
import { isAbsent, jwtPython, type Peer, withPeer } from './support/peers.ts'

const FILE = resolve('conformance/vectors.json')
const scratch = mkdtempSync(join(tmpdir(), 'countersign-vectors-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

interface Vector {
  kind: string
  name: string
  expect: { verdict: string; reason: string | null }
}
const { vectors }: { vectors: Vector[] } = JSON.parse(readFileSync(FILE, 'utf8'))
const expected = vectors.map((one) => ({ kind: one.kind, name: one.name, ...one.expect }))

const environment = { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: '.' }
const python = (args: string[]) =>
  execFileSync(jwtPython, args, { cwd: 'examples/python', encoding: 'utf8', env: environment })
function go(args: string[]): string {
  const program = join(scratch, 'vectors')
  execFileSync('go', ['build', '-o', program, '.'], { cwd: 'examples/go' })
  return execFileSync(program, args, { encoding: 'utf8' })
}
const VERIFIERS: [peer: Peer, language: string, verdicts: () => string][] = [
  ['jwt', 'Python', () => python(['../../test/peers/support/vectors.py', FILE])],
  ['go', 'Go', () => go([FILE])],
]

describe('the cases for verifiers', () => {
  for (const [peer, language, verdicts] of VERIFIERS)
    it.skipIf(isAbsent(peer))(
      withPeer(peer, `a verifier in ${language} gives every case the same verdict and reason`),
      () => {
        const lines = verdicts().trimEnd().split('\n')
        expect(lines.map((line) => JSON.parse(line))).toEqual(expected)
      },
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
      const options = { cwd: 'examples/python', env: environment }
      const { stdout } = await promisify(execFile)(jwtPython, args, options)
      const results = stdout.trimEnd().split('\n')
      expect(results.map((line) => JSON.parse(line))).toEqual(ANSWERS.map(([, , result]) => result))
      const call = ['/shop/v1/token/consume', 'Bearer csk_res_x', { token: 'a.b.c' }]
      expect(calls).toEqual(ANSWERS.map(() => call))
    },
  )
})
