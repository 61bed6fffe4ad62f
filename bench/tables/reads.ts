// The table of policy checks.
import { getSession, withApps as withPeerApps } from '../contenders/better-auth.ts'
import { withApps } from '../contenders/floor.ts'
import { reads } from '../contenders/floor-calls.ts'
import { checks } from '../contenders/our-calls.ts'
import { compare, type Table } from '../table.ts'
import { AWAKE_USERS, betterAuthIn, floorIn, oursIn } from './servers.ts'

export const check: Table = {
  name: 'check',
  title: 'Policy check',
  async run(context) {
    const { known, fresh } = await checks(await oursIn(context), AWAKE_USERS)
    const floor = await floorIn(context)
    const { echo, read, verified } = reads(floor, await withApps(floor, 'read', AWAKE_USERS))
    const { node, edge } = await betterAuthIn(context)
    const onNode = getSession(node, await withPeerApps(node, AWAKE_USERS))
    const onWorkerd = getSession(edge, await withPeerApps(edge, AWAKE_USERS))
    return compare(context, [
      { ours: known, other: read, goal: { atLeast: 0.85 } },
      { ours: fresh, other: verified, goal: { atLeast: 0.9 } },
      { ours: known, other: echo },
      { ours: known, other: onWorkerd, note: 'get-session only looks up a session' },
      { ours: known, other: onNode },
    ])
  },
}
