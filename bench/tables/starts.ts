// The tables of starts: of the process, and of an isolate.

import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { around, numbers } from '../at-once.ts'
import { startBare } from '../contenders/bare.ts'
import { callOf as floorCallOf, withApps as withFloorApps } from '../contenders/floor.ts'
import { withApps } from '../contenders/our-calls.ts'
import { callOf, EXPORT, signIn } from '../contenders/ours.ts'
import type { BenchRequest } from '../job.ts'
import { busyBetween, readCpu } from '../machine.ts'
import { ratioOf, spreadOf } from '../stats.ts'
import type { Context, Table } from '../table.ts'
import { inTurns } from '../turns.ts'
import { floorIn, oursIn } from './servers.ts'

const LEAST_ROUNDS = 9
/** The calls of which the median is taken, once an isolate is warm. */
const WARM_CALLS = 100
const ASKED = { action: EXPORT.action }

export const coldTable: Table = {
  name: 'cold',
  title: 'From the start of the process to the first answer',
  async run(context) {
    const ours = await oursIn(context, { fronts: 0 })
    const bare = await startBare(context.signal, 0)
    context.after(bare.stop)
    await ours.kill()
    await bare.kill()
    const timeOf = async ({ restart, kill }: Pick<typeof bare, 'restart' | 'kill'>) => {
      const startedAt = performance.now()
      await restart()
      const milliseconds = performance.now() - startedAt
      await kill()
      return milliseconds
    }
    const { own, others, busy } = await inTurns(
      Math.max(LEAST_ROUNDS, context.rounds),
      (round) => context.going(`round ${round}`),
      () => timeOf(ours),
      () => timeOf(bare),
    )
    const over = own.map((time, round) => time - (others[round] ?? Number.NaN))
    return {
      values: [
        {
          title: 'Countersign over a bare Worker',
          ...{ of: spreadOf(over), unit: 'ms', goal: { atMost: 90 } },
          note: 'the first answer of Countersign asks an object',
        },
        { title: 'Countersign', of: spreadOf(own), unit: 'ms' },
        { title: 'bare Worker', of: spreadOf(others), unit: 'ms' },
      ],
      cells: [],
      busy,
    }
  },
}

export const freshTable: Table = {
  name: 'fresh',
  title: 'The first policy check that an isolate answers',
  async run(context) {
    const isolates = Math.max(LEAST_ROUNDS, context.rounds)
    const fronts = isolates + 1
    const ours = await oursIn(context, { fronts })
    const users = await withApps(ours, 'fresh', 1)
    const check = callOf('policy.check', await signIn(ours.setup, around(users, 0).subject), ASKED)
    const floor = await floorIn(context, { fronts })
    const { subject } = around(await withFloorApps(floor, 'fresh', 1), 0)
    const verified = floorCallOf('verified', await signIn(floor, subject), ASKED)
    const agent = new Agent({ keepAlive: true })
    context.after(() => agent.destroy())
    const own = await firstAndLater(context, agent, ours.setup.fronts, check)
    const theirs = await firstAndLater(context, agent, floor.fronts, verified)
    return {
      values: [
        {
          title: 'first / later',
          ...{ of: ratioOf(own.first, own.later), unit: '×', goal: { atMost: 2 } },
          note: 'the object of the user is awake; the keys of the issuer are in the settings',
        },
        { title: 'first', of: spreadOf(own.first), unit: 'ms' },
        { title: 'later', of: spreadOf(own.later), unit: 'ms' },
        {
          title: 'session verified, one object read: first / later',
          ...{ of: ratioOf(theirs.first, theirs.later), unit: '×' },
        },
        {
          title: 'session verified, one object read: first',
          of: spreadOf(theirs.first),
          unit: 'ms',
        },
      ],
      cells: [],
      busy: Math.max(own.busy, theirs.busy),
    }
  },
}

/** Measures the first call of each fresh isolate, and before it a later call of a warm one. */
async function firstAndLater(
  { going }: Context,
  agent: Agent,
  [warm = '', ...fresh]: string[],
  call: BenchRequest,
): Promise<{ first: number[]; later: number[]; busy: number }> {
  const warmed = async () => {
    const times: number[] = []
    for (const _ of numbers(WARM_CALLS)) times.push(await timed(agent, warm, call))
    return spreadOf(times).median
  }
  await warmed()
  const first: number[] = []
  const later: number[] = []
  const busy: number[] = []
  for (const front of fresh) {
    going(`isolate ${first.length + 1} of ${fresh.length}`)
    // Opens the connection. The isolate has answered only this, since the service started.
    await timed(agent, front, { ...call, method: 'GET', path: '/health', body: '' })
    const before = readCpu()
    later.push(await warmed())
    busy.push(busyBetween(before, readCpu()))
    first.push(await timed(agent, front, call))
  }
  return { first, later, busy: spreadOf(busy).median }
}

/** Makes one call. Returns the milliseconds until its answer was read. */
async function timed(
  agent: Agent,
  url: string,
  { method = 'POST', path, headers, body }: BenchRequest,
): Promise<number> {
  const startedAt = performance.now()
  const call = request(url + path, { method, agent, headers }).end(body)
  const [answer] = await once(call, 'response')
  await answer.resume().toArray()
  const milliseconds = performance.now() - startedAt
  if (answer.statusCode !== 200) throw new Error(`${path}: ${answer.statusCode}`)
  return milliseconds
}
