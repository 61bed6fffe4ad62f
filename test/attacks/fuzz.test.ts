// Every endpoint of the service with random and changed calls: a few in `npm test`, many in `npm run fuzz`.
import { runInDurableObject } from 'cloudflare:test'
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest'
import { ENDPOINTS } from '../fuzz/endpoints.ts'
import { type Fixture, makeFixtures } from '../fuzz/fixtures.ts'
import { fuzz, isolate, type Send, toWorker } from '../fuzz/fuzz.ts'
import { directory } from '../fuzz/objects.ts'

const plan = inject('fuzz')
/** A run of many sequences has no limit: `npm run fuzz` ends what is silent. */
const TIMEOUT = plan.beat ? 0 : 120_000

let fixtures: { users: Fixture; operators: Fixture }
beforeAll(async () => {
  isolate()
  fixtures = await makeFixtures()
})
afterAll(() => {
  vi.restoreAllMocks()
  vi.unstubAllGlobals()
})

describe('answers whatever it is asked in its own form, and what it refuses changes nothing:', () => {
  it.each(ENDPOINTS.filter(({ name }) => plan.only?.includes(name) ?? true))(
    '$name',
    (endpoint) => fuzz(endpoint, endpoint.guarded ? fixtures.operators : fixtures.users, plan),
    TIMEOUT,
  )
})

it('has an endpoint of every name that it is asked for', () => {
  expect(
    plan.only?.filter((name) => !ENDPOINTS.some((endpoint) => endpoint.name === name)) ?? [],
  ).toEqual([])
})

/** Fuzzes one endpoint of a Worker that answers in another way than it should. */
async function failureOf(name: string, send: Send): Promise<string> {
  const [endpoint] = ENDPOINTS.filter((one) => one.name === name)
  if (!endpoint) throw new Error(`no endpoint ${name}`)
  const failed = fuzz(endpoint, fixtures.users, { seed: 1, numRuns: 20 }, send)
  return failed.then(
    () => 'nothing was found',
    ({ message }: Error) => message,
  )
}
const bendRefusals =
  (bend: (refused: Response) => Response | Promise<Response>): Send =>
  async (request) => {
    const response = await toWorker(request)
    return response.status >= 400 ? bend(response) : response
  }
const withText = (text: string, { status, headers }: Response, as = status): Response =>
  new Response(text, { status: as, headers })

it.each<[string, string, (refused: Response) => Response | Promise<Response>]>([
  ['a 500', '500', async (refused) => withText(await refused.text(), refused, 500)],
  [
    'a page',
    'refused as text/html',
    () => new Response('<h1>No</h1>', { status: 400, headers: { 'content-type': 'text/html' } }),
  ],
  ['another form', 'refused in another form', (refused) => withText('{"no":1}', refused)],
  [
    'a reason of no table',
    'at error.data.reason',
    (refused) =>
      withText('{"error":{"message":"This is odd.","code":0,"data":{"reason":"odd"}}}', refused),
  ],
  [
    'a place in the source',
    'internals in the answer',
    (refused) => withText('at worker.ts:12', refused),
  ],
  [
    'another status',
    'with status 418',
    async (refused) => withText(await refused.text(), refused, 418),
  ],
  [
    'a secret in an answer',
    'a secret in the answer',
    (refused) => withText(fixtures.users.operatorKey, refused),
  ],
  ['an exception', 'threw TypeError', () => Promise.reject(new TypeError('odd'))],
])('finds %s', async (_what, wrong, bend) => {
  expect(await failureOf('operator.list', bendRefusals(bend))).toContain(wrong)
})

it('finds what a refusal changed', async () => {
  const changing = bendRefusals(async (refused) => {
    await runInDurableObject(directory(), (_object, { storage }) => {
      storage.sql.exec('INSERT INTO removed_environments VALUES (?)', crypto.randomUUID())
    })
    return refused
  })
  expect(await failureOf('operator.list', changing)).toContain('+ directory removed_environments')
})

it('finds a good call that is refused', async () => {
  const refusing: Send = (request) => toWorker(new Request(request, { headers: {} }))
  expect(await failureOf('operator.list', refusing)).toContain('a good call was refused')
})

it('shrinks what it finds to one small call', async () => {
  const failing: Send = async (request) =>
    /"label":"x{10}/.test(new TextDecoder().decode(await request.clone().arrayBuffer()))
      ? new Response('', { status: 500 })
      : toWorker(request)
  expect(await failureOf('factor.rename', failing)).toMatch(
    /Got error: refused as .*\n {2}\{[^\n]*"label\\":\\"x{10}\\"\}"\}\n/,
  )
})
