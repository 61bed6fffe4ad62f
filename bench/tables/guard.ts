// The table of the guard, in this process: a reusable token that is checked without a call.
import { createLocalJWKSet, jwtVerify } from 'jose'
import { createGuard } from '../../client/resource.ts'
import { TOKEN_HEADER } from '../../contract/index.ts'
import { DEMO } from '../../scripts/demo.ts'
import { REUSABLE_SCOPE } from '../../scripts/prove/setup.ts'
import { newUser } from '../../scripts/prove/users.ts'
import { around, atOnce, numbers } from '../at-once.ts'
import { busyBetween, readCpu } from '../machine.ts'
import { ratioOf, spreadOf } from '../stats.ts'
import type { Context, Measured, Table } from '../table.ts'
import { oursIn } from './servers.ts'

const TOKENS = 1000

type Named<T> = readonly [name: string, call: (item: T) => Promise<unknown>]

export const guardTable: Table = {
  name: 'guard',
  title: 'Guard, offline',
  async run(context) {
    const { setup, url } = await oursIn(context)
    const { environment, wallet: audience } = DEMO
    const { issuer, resourceKey } = setup
    const tokens = await atOnce(numbers(TOKENS), async (index) => {
      const { subject, client } = await newUser(setup, 'guard', index)
      const { token: assertion } = await setup.application.vouch(subject, REUSABLE_SCOPE, issuer)
      const { elevatedToken } = await client.token.exchange.mutate({ assertion })
      return { subject, token: elevatedToken.token }
    })
    const guard = createGuard({
      ...{ url, environment, audience, resourceKey, issuer, revocation: 'offline' },
    })
    const answer = await fetch(`${url}/${environment}/.well-known/jwks.json`)
    const keys = createLocalJWKSet((await answer.json()) as Parameters<typeof createLocalJWKSet>[0])
    const terms = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] }
    const byGuard = async ({ subject, token }: (typeof tokens)[number]) => {
      const headers = new Headers({ [TOKEN_HEADER]: token })
      const verdict = await guard.check({ action: 'profile.read', subject, headers })
      if (!verdict.allowed || verdict.by !== 'token') throw new Error('the guard refused a token')
    }
    const byJose = ({ token }: (typeof tokens)[number]) => jwtVerify(token, keys, terms)
    return compareInProcess(context, tokens, [
      ['guard', byGuard],
      ['jose jwtVerify', byJose],
    ])
  },
}

/** Compares the rates of two functions in rounds, each call after the one before. */
async function compareInProcess<T>(
  { rounds, seconds, going }: Context,
  items: readonly T[],
  [[ours, run], [other, runOther]]: readonly [Named<T>, Named<T>],
): Promise<Measured> {
  const busy: number[] = []
  const measureOne = async (call: Named<T>[1]): Promise<number> => {
    const before = readCpu()
    const startedAt = performance.now()
    let done = 0
    while (performance.now() < startedAt + seconds * 1000) await call(around(items, done++))
    const rate = (done / (performance.now() - startedAt)) * 1000
    busy.push(busyBetween(before, readCpu()))
    return rate
  }
  const rates: { own: number; others: number }[] = []
  // The first round warms up.
  for (let round = 0; round <= rounds; round += 1) {
    going(`round ${round} of ${rounds}`)
    const first = await measureOne(round % 2 === 0 ? run : runOther)
    const second = await measureOne(round % 2 === 0 ? runOther : run)
    rates.push(round % 2 === 0 ? { own: first, others: second } : { own: second, others: first })
  }
  const own = rates.slice(1).map((pair) => pair.own)
  const others = rates.slice(1).map((pair) => pair.others)
  return {
    values: [
      { title: `${ours} / ${other}`, of: ratioOf(own, others), unit: '×', goal: { atLeast: 0.95 } },
    ],
    cells: [
      { name: ours, rate: spreadOf(own) },
      { name: other, rate: spreadOf(others) },
    ],
    busy: spreadOf(busy).median,
  }
}
