// The crash proof: serves a build of the Worker on disk, lets actors call it, kills it under load, starts it
// again, and compares every account with the service. A SIGKILL of the process proves that acknowledged writes
// had left the process, and that no write is stored in part. It does not prove what a crash of the whole machine
// would leave, because the operating system keeps written data even if the disk does not have it yet.
import { setTimeout as sleep } from 'node:timers/promises'
import { operatorClient } from '../../provision.ts'
import { given } from '../../tour/users.ts'
import type { Weakened } from '../../weakened.ts'
import { type Served, serve } from '../serve.ts'
import { setUp } from '../setup.ts'
import { newActor, operatorActor, type Role } from './actors.ts'
import { Chain } from './chain.ts'
import { Tally } from './tally.ts'
import type { Actor, ActorContext } from './user-actor.ts'

/** More front services would take longer to start, and change nothing. */
const FRONTS = 2
/** The time between the start of the load and the kill. */
const KILL_MILLISECONDS = { from: 50, to: 800 }
/** The roles of the users who act at the same time. An operator acts too. */
const ROLES: Role[] = [
  ...(['veteran', 'veteran', 'veteran'] as const),
  ...(['app', 'app', 'app', 'app', 'app', 'app'] as const),
  ...(['passkey', 'passkey', 'copied'] as const),
]
/** How many finished actors are compared again after each crash, and how many at the same time at the end. */
const SAMPLE = 3
const AT_ONCE = 8

/** The options of the crash proof. */
export interface CrashOptions {
  /** A weakened build. Default: the unchanged Worker. */
  build?: Weakened | undefined
  kills: number
  signal: AbortSignal
  /** Called before each crash. */
  going?: (kill: number, tally: Tally) => void
  /** Returns whether to stop early, for example because a weakened build was caught. */
  enough?: (tally: Tally) => boolean
}

/**
 * Kills a build of the Worker under load many times, and counts the results.
 *
 * @example const { holds } = await crash({ kills: 200, signal })
 */
export async function crash({ build, kills, signal, going, enough }: CrashOptions): Promise<Tally> {
  const tally = new Tally()
  const served = await serve({ build, room: 'disk', fronts: FRONTS, signal })
  try {
    const crew = await gather(served, tally)
    while (tally.kills < kills && !enough?.(tally)) {
      signal.throwIfAborted()
      going?.(tally.kills + 1, tally)
      const { from, to } = KILL_MILLISECONDS
      await crew.actUntil(sleep(from + Math.random() * (to - from)), served.kill)
      tally.kills += 1
      await served.restart()
      await crew.check()
    }
    if (!enough?.(tally)) await crew.checkAll()
    return tally
  } catch (error) {
    signal.throwIfAborted()
    throw served.fault() ?? error
  } finally {
    await served.stop()
  }
}

/** Creates the actors of a service. */
async function gather(served: Served, tally: Tally) {
  const setup = await setUp(served)
  let killed = false
  const operator = operatorClient(given(served.fronts[0], 'a front'), served.operatorKey)
  const context: ActorContext = { setup, keeping: { operator, tally, isKilled: () => killed } }
  const directory = new Chain({}, operator, tally)
  let named = 0
  const join = (role: Role) => {
    tally.accounts += 1
    return newActor(context, role, named++)
  }
  const chief = operatorActor(context)
  await chief.account.begin()
  const acting: Actor[] = [chief, ...(await Promise.all(ROLES.map(join)))]
  /** The actors who finished since the last crash, and those who finished before. */
  let leaving: Actor[] = []
  const left: Actor[] = []

  const act = async (place: number) => {
    while (!killed) {
      const actor = given(acting[place], 'an actor')
      if (await actor.next()) continue
      leaving.push(actor)
      acting[place] = await join(given(ROLES[place - 1], 'a role'))
    }
  }
  return {
    /** Lets all actors act until a promise settles, and then kills the service. */
    async actUntil(moment: Promise<unknown>, kill: () => Promise<void>) {
      killed = false
      const all = Promise.all(acting.map((_, place) => act(place)))
      await Promise.race([moment, all])
      killed = true
      await kill()
      await all
    },
    async check() {
      killed = false
      const sample = Array.from(
        { length: SAMPLE },
        () => left[Math.floor(Math.random() * left.length)],
      )
      const others = new Set(sample.filter((actor) => actor !== undefined))
      await Promise.all([...acting, ...leaving, ...others].map((actor) => actor.check()))
      await directory.read()
      await directory.verify()
      left.push(...leaving)
      leaving = []
    },
    /** Compares every account once more, and presents every consumed token again. */
    async checkAll() {
      const all = [...left, ...acting]
      const run = async () => {
        for (let actor = all.pop(); actor; actor = all.pop()) {
          await actor.presentAll()
          await actor.check()
        }
      }
      await Promise.all(Array.from({ length: AT_ONCE }, run))
    },
  }
}
