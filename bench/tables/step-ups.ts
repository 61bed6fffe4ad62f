// The tables of step-ups.

import { diskFolder } from '../../scripts/prove/serve.ts'
import { WITHOUT_RECEIPTS } from '../builds.ts'
import * as betterAuth from '../contenders/better-auth.ts'
import * as floors from '../contenders/floor-calls.ts'
import { issue } from '../contenders/oidc-provider.ts'
import {
  authorize,
  passkey,
  totp,
  withApps,
  withCodes,
  withPasskeys,
} from '../contenders/our-calls.ts'
import { compare, type Table } from '../table.ts'
import {
  AWAKE_USERS,
  betterAuthIn,
  CODE_USERS,
  floorIn,
  oidcProviderIn,
  oursIn,
} from './servers.ts'

/** Users with a code whose data is on disk, where each takes longer to create. */
const DISK_USERS = 400
const VERIFY_TOTP =
  'verify-totp writes and issues nothing, counts no attempts, and accepts a code more than once'
const VERIFY_PASSKEY = 'it stores a session, and keeps no history'

export const totpTable: Table = {
  name: 'totp',
  title: 'Step-up with a TOTP code',
  async run(context) {
    const ours = await oursIn(context)
    const own = totp(ours, await withCodes(ours, CODE_USERS))
    const byHand = await floors.totp(await floorIn(context), CODE_USERS)
    const { node, edge } = await betterAuthIn(context)
    const onNode = betterAuth.verifyTotp(node, await betterAuth.withApps(node, AWAKE_USERS))
    const onWorkerd = betterAuth.verifyTotp(edge, await betterAuth.withApps(edge, AWAKE_USERS))
    const token = issue(await oidcProviderIn(context))
    return compare(context, [
      { ours: own, other: byHand, goal: { atLeast: 0.8 } },
      { ours: own, other: onNode, goal: { atLeast: 1.6 }, note: VERIFY_TOTP },
      { ours: byHand, other: onNode },
      { ours: own, other: onWorkerd, goal: { atLeast: 0.7 }, note: VERIFY_TOTP },
      { ours: own, other: token, note: 'it checks a client secret, and stores nothing' },
    ])
  },
}

export const passkeyTable: Table = {
  name: 'passkey',
  title: 'Step-up with a passkey',
  async run(context) {
    const ours = await oursIn(context)
    const own = passkey(ours, await withPasskeys(ours, AWAKE_USERS))
    const byHand = await floors.passkey(await floorIn(context), AWAKE_USERS)
    // On workerd, its memory adapter copies every table for each transaction, which takes longer than all else.
    const { node } = await betterAuthIn(context)
    const onNode = betterAuth.verifyPasskey(node, await betterAuth.withPasskeys(node, AWAKE_USERS))
    return compare(context, [
      { ours: own, other: byHand, goal: { atLeast: 0.75 } },
      { ours: own, other: onNode, note: VERIFY_PASSKEY },
    ])
  },
}

export const dpopTable: Table = {
  name: 'dpop',
  title: 'Time of a call with a DPoP proof',
  async run(context) {
    const ours = await oursIn(context)
    const codes = await withCodes(ours, CODE_USERS)
    const users = await withApps(ours, 'authorize', AWAKE_USERS)
    const dpop = true
    return compare(context, [
      {
        ours: totp(ours, codes, { name: 'TOTP step-up with a proof', dpop }),
        other: totp(ours, codes),
        of: 'time',
      },
      {
        ours: authorize(ours, users, { name: 'action.authorize with a proof', dpop }),
        other: authorize(ours, users),
        of: 'time',
      },
    ])
  },
}

export const receiptsTable: Table = {
  name: 'receipts',
  title: 'Time of a step-up that stores a receipt',
  async run(context) {
    const ours = await oursIn(context)
    const without = await oursIn(context, { build: WITHOUT_RECEIPTS })
    const goal = { atMost: 1.1 }
    const [apps, others] = [await withCodes(ours, CODE_USERS), await withCodes(without, CODE_USERS)]
    const passkeys = await withPasskeys(ours, AWAKE_USERS)
    const otherPasskeys = await withPasskeys(without, AWAKE_USERS)
    return compare(context, [
      {
        ours: totp(ours, apps),
        other: totp(without, others, { name: 'TOTP step-up without receipts' }),
        ...{ of: 'time', goal },
      },
      {
        ours: passkey(ours, passkeys),
        other: passkey(without, otherPasskeys, { name: 'passkey step-up without receipts' }),
        ...{ of: 'time', goal },
      },
    ])
  },
}

export const diskTable: Table = {
  name: 'disk',
  title: 'Step-up with a TOTP code, data on disk',
  async run(context) {
    const ours = await oursIn(context, { room: 'disk' })
    const own = totp(ours, await withCodes(ours, DISK_USERS))
    const node = await betterAuth.onNode(diskFolder())
    context.after(node.stop)
    const peer = betterAuth.verifyTotp(node, await betterAuth.withApps(node, AWAKE_USERS))
    return compare(context, [
      { ours: own, other: peer, goal: { atLeast: 0.75 }, note: VERIFY_TOTP },
    ])
  },
}
