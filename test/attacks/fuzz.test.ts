// Every door of the service, with inputs that are made and bent at random: a small size of `npm run fuzz`.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { expect, it } from 'vitest'
import worker from '../../functions/worker.ts'
import { DOORS } from '../fuzz/doors.ts'
import { assetsOf, contextOf } from '../fuzz/inside.ts'
import { type Lab, type Place, perform } from '../fuzz/lab.ts'
import { fuzz } from '../fuzz/run.ts'

const RUNS = 60
const SEED = 1
const TIMEOUT = 180_000

const stubOf = ({ kind, name }: Place) =>
  ({ subject: env.SUBJECT, environment: env.ENVIRONMENT, directory: env.DIRECTORY })[
    kind
  ].getByName(name)

const bindings = { ...env, ASSETS: assetsOf() } as Env
const lab: Lab = {
  env: bindings,
  fetch: async (request) => worker.fetch(request, bindings, contextOf()),
  inside: async (place, task) =>
    runInDurableObject(stubOf(place), (_object, { storage }) => perform(storage, place.kind, task)),
}

it(
  'answers whatever it is asked in its own form, and what it refuses changes nothing',
  async () => {
    const tallies = await fuzz(lab, { seed: SEED, runs: RUNS })
    expect(tallies.flatMap(({ failures }) => failures)).toEqual([])
    expect(tallies.map(({ door }) => door)).toEqual(DOORS.map(({ name }) => name))
    for (const { calls } of tallies) expect(calls).toBeGreaterThanOrEqual(RUNS)
    for (const { door, compared, reasons } of tallies)
      expect(compared > 0 || Object.keys(reasons).length === 0, door).toBe(true)
    expect(tallies.filter(({ isShut }) => isShut).map(({ door }) => door)).toEqual([])
  },
  TIMEOUT,
)

/** Each fuzzing makes users and environments of its own, named by its seed. */
let seed = SEED
const fuzzed = (bent: Lab) => fuzz(bent, { seed: ++seed, runs: RUNS, only: ['operator.list'] })

/** The lab, where every refusal is answered in another way. */
const bentLab = (bend: (refused: Response) => Response | Promise<Response>): Lab => ({
  ...lab,
  fetch: async (request) => {
    const response = await lab.fetch(request)
    return response.status >= 400 ? bend(response) : response
  },
})
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
    'unknown reason odd',
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
])('finds %s', async (_what, wrong, bend) => {
  const [tally] = await fuzzed(bentLab(bend))
  expect(tally?.failures.map((failure) => failure.wrong).join()).toContain(wrong)
})

it('finds what a refusal changed', async () => {
  const changing = bentLab(async (refused) => {
    await runInDurableObject(env.DIRECTORY.getByName('directory'), (_object, { storage }) => {
      storage.sql.exec('INSERT INTO removed_environments VALUES (?)', crypto.randomUUID())
    })
    return refused
  })
  const [tally] = await fuzzed(changing)
  expect(tally?.failures.map(({ wrong }) => wrong).join()).toContain('directory')
})
