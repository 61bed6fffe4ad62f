// The tables of the calls that an API makes with a token.
import { withApps as floorUsers } from '../contenders/floor.ts'
import * as floors from '../contenders/floor-calls.ts'
import { introspect } from '../contenders/oidc-provider.ts'
import { authorize, consume, withApps } from '../contenders/our-calls.ts'
import { compare, type Table } from '../table.ts'
import { AWAKE_USERS, floorIn, oidcProviderIn, oursIn } from './servers.ts'

export const consumeTable: Table = {
  name: 'consume',
  title: 'Consuming a token',
  async run(context) {
    const ours = await oursIn(context)
    const own = consume(ours, await withApps(ours, 'consume', AWAKE_USERS))
    const floor = await floorIn(context)
    const { claim, byHand } = floors.consume(floor, await floorUsers(floor, 'consume', AWAKE_USERS))
    const introspection = await introspect(await oidcProviderIn(context))
    return compare(context, [
      { ours: own, other: byHand, goal: { atLeast: 0.9 } },
      { ours: own, other: claim },
      {
        ours: own,
        other: introspection,
        note: 'it looks up a token in memory, and spends nothing',
      },
    ])
  },
}

export const authorizeTable: Table = {
  name: 'authorize',
  title: 'Authorizing an action: policy and token in one call',
  async run(context) {
    const ours = await oursIn(context)
    const own = authorize(ours, await withApps(ours, 'authorize', AWAKE_USERS))
    const floor = await floorIn(context)
    const { byHand } = floors.consume(floor, await floorUsers(floor, 'consume', AWAKE_USERS))
    return compare(context, [
      { ours: own, other: byHand, note: 'consume by hand decides no policy' },
    ])
  },
}
