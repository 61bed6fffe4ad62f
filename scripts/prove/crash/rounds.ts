// The proof through crashes: a build of the Worker is served on disk, actors act on it, it is killed in
// the middle of that and started again, everybody's account is compared with what it says, and so on.
// What SIGKILL of the process proves: whatever was acknowledged had left the process, and what it had
// half written is not half there when it reads it again. It does not prove what an end of the whole
// machine would leave: the operating system keeps what was written, whether the disk has it or not.
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

/** More of them take longer to start again, and change nothing. */
const FRONTS = 2
/** When the kill comes, after the load began again. */
const KILL_MILLISECONDS = { from: 50, to: 800 }
/** Who acts at the same time. The operator acts beside them. */
const ROLES: Role[] = [
  ...(['veteran', 'veteran', 'veteran'] as const),
  ...(['app', 'app', 'app', 'app', 'app', 'app'] as const),
  ...(['passkey', 'passkey', 'copied'] as const),
]
/** How many of those who are done are compared again after each crash, and how many at once at the end. */
const SAMPLE = 3
const AT_ONCE = 8

/** Which build goes through how many crashes. */
export interface CrashOptions {
  /** A build that is weakened; without one the Worker as it is. */
  build?: Weakened | undefined
  kills: number
  signal: AbortSignal
  /** Called before each crash. */
  going?: (kill: number, tally: Tally) => void
  /** Where to stop early: a weakened build is found out, say. */
  enough?: (tally: Tally) => boolean
}

/**
 * Kills a build of the Worker under load so many times, and counts what that did.
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

/** All who act on a service. */
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
  /** Those who left since the last crash, and those who did before: their accounts are compared on. */
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
    /** Has everybody act until the moment has come, and the service is killed. */
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
    /** Compares every account once more, and presents all that was ever consumed as if it were new. */
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
