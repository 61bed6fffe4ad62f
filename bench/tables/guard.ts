// The table of the guard, in this process: a reusable token that is checked without a call.
import { createLocalJWKSet, jwtVerify } from 'jose'
import { createGuard } from '../../client/resource.ts'
import { TOKEN_HEADER } from '../../contract/index.ts'
import { DEMO } from '../../scripts/demo.ts'
import { REUSABLE_SCOPE } from '../../scripts/prove/setup.ts'
import { newUser } from '../../scripts/prove/users.ts'
import { around, atOnce, numbers } from '../at-once.ts'
import { ratioOf, spreadOf } from '../stats.ts'
import type { Table } from '../table.ts'
import { inTurns } from '../turns.ts'
import { oursIn } from './servers.ts'

const TOKENS = 1000
/** A round takes two seconds, and two rounds can differ by a fifth. */
const LEAST_ROUNDS = 20

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
      const { token } = elevatedToken
      return { subject, token, headers: new Headers({ [TOKEN_HEADER]: token }) }
    })
    const guard = createGuard({
      ...{ url, environment, audience, resourceKey, issuer, revocation: 'offline' },
    })
    const answer = await fetch(`${url}/${environment}/.well-known/jwks.json`)
    const keys = createLocalJWKSet((await answer.json()) as Parameters<typeof createLocalJWKSet>[0])
    const terms = { issuer, audience, typ: 'at+jwt', algorithms: ['ES256'] }
    const byGuard = async ({ subject, headers }: Presented) => {
      const verdict = await guard.check({ action: 'profile.read', subject, headers })
      if (!verdict.allowed || verdict.by !== 'token') throw new Error('the guard refused a token')
    }
    const byJose = ({ token }: Presented) => jwtVerify(token, keys, terms)
    const { seconds, going } = context
    const rounds = Math.max(LEAST_ROUNDS, context.rounds)
    const ofGuard = () => rateOf(byGuard, tokens, seconds)
    const ofJose = () => rateOf(byJose, tokens, seconds)
    going('warm-up')
    await ofGuard()
    await ofJose()
    const said = (round: number) => going(`round ${round} of ${rounds}`)
    const { own, others, busy } = await inTurns(rounds, said, ofGuard, ofJose)
    return {
      values: [
        {
          title: 'guard / jose jwtVerify',
          ...{ of: ratioOf(own, others), unit: '×', goal: { atLeast: 0.95 } },
          note: 'the guard also checks the use of the token',
        },
      ],
      cells: [
        { name: 'guard', rate: spreadOf(own) },
        { name: 'jose jwtVerify', rate: spreadOf(others) },
      ],
      busy,
    }
  },
}

/** A token that a call presents. */
interface Presented {
  subject: string
  token: string
  headers: Headers
}

/** Returns how often a function runs in a second, each call after the one before. */
async function rateOf(
  call: (presented: Presented) => Promise<unknown>,
  tokens: readonly Presented[],
  seconds: number,
): Promise<number> {
  const startedAt = performance.now()
  let done = 0
  while (performance.now() < startedAt + seconds * 1000) await call(around(tokens, done++))
  return (done * 1000) / (performance.now() - startedAt)
}
