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
    expect(tallies.filter(({ isShut }) => isShut).map(({ door }) => door)).toEqual([])
  },
  TIMEOUT,
)
