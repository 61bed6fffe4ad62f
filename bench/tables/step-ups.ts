// The tables of step-ups.

import { WITHOUT_RECEIPTS } from '../builds.ts'
import * as floors from '../contenders/floor-calls.ts'
import {
  authorize,
  passkey,
  totp,
  withApps,
  withCodes,
  withPasskeys,
} from '../contenders/our-calls.ts'
import { compare, type Table } from '../table.ts'
import { AWAKE_USERS, CODE_USERS, floorIn, oursIn } from './servers.ts'

export const totpTable: Table = {
  name: 'totp',
  title: 'Step-up with a TOTP code',
  async run(context) {
    const ours = await oursIn(context)
    const own = totp(ours, await withCodes(ours, CODE_USERS))
    const byHand = await floors.totp(await floorIn(context), CODE_USERS)
    return compare(context, [{ ours: own, other: byHand, goal: { atLeast: 0.8 } }])
  },
}

export const passkeyTable: Table = {
  name: 'passkey',
  title: 'Step-up with a passkey',
  async run(context) {
    const ours = await oursIn(context)
    const own = passkey(ours, await withPasskeys(ours, AWAKE_USERS))
    const byHand = await floors.passkey(await floorIn(context), AWAKE_USERS)
    return compare(context, [{ ours: own, other: byHand, goal: { atLeast: 0.75 } }])
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
