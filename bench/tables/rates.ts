// The tables of the calls that users and APIs wait for.
import * as floor from '../floor.ts'
import * as ours from '../ours.ts'
import { type Context, compare, type Table } from '../table.ts'

/** Users whose objects stay awake. */
const AWAKE_USERS = 200
/** Users with one code in every 30 seconds. */
const CODE_USERS = 1600

/** Serves Countersign and the floors until the table ends. */
async function servers(context: Context) {
  context.going('bundling and starting')
  const served = await ours.startOurs(context.signal)
  context.after(served.stop)
  const floors = await floor.startFloor(context.signal)
  context.after(floors.stop)
  context.going('creating users')
  return { served, floors }
}

const check: Table = {
  name: 'check',
  title: 'policy.check',
  async run(context) {
    const { served, floors } = await servers(context)
    const { known, fresh } = await ours.checks(served, AWAKE_USERS)
    const { echo, read, verified } = await floor.reads(floors, AWAKE_USERS)
    return compare(context, [
      { ours: known, other: read, goal: { atLeast: 0.85 } },
      { ours: fresh, other: verified, goal: { atLeast: 0.9 } },
      { ours: known, other: echo },
    ])
  },
}

const totp: Table = {
  name: 'totp',
  title: 'Step-up with a TOTP code',
  async run(context) {
    const { served, floors } = await servers(context)
    const own = await ours.totp(served, CODE_USERS)
    const byHand = await floor.totp(floors, CODE_USERS)
    return compare(context, [{ ours: own, other: byHand, goal: { atLeast: 0.8 } }])
  },
}

const consume: Table = {
  name: 'consume',
  title: 'token.consume',
  async run(context) {
    const { served, floors } = await servers(context)
    const own = await ours.consume(served, AWAKE_USERS)
    const { claim, byHand } = await floor.consume(floors, AWAKE_USERS)
    return compare(context, [
      { ours: own, other: byHand, goal: { atLeast: 0.9 } },
      { ours: own, other: claim },
    ])
  },
}

export const RATES: readonly Table[] = [check, totp, consume]
