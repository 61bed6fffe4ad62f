// What is done to a call that is good: in one of many ways something else, by one stream of chance.
import {
  bendAddress,
  bendCredential,
  bendHeaders,
  type Call,
  callOf,
  damageBody,
  TOKEN_HEADER,
} from './calls.ts'
import type { Door } from './doors.ts'
import { bend, generate } from './inputs.ts'
import type { Random } from './random.ts'
import { type Cast, OPERATOR_ROUTE, type Stage } from './stage.ts'

/** What somebody may hold who is not the right one: keys, sessions, tokens and codes of others. */
export async function credentialsOf(stage: Stage, cast: Cast, good: Call): Promise<string[]> {
  const { realm, spare, person } = cast
  const strange = await stage.session(spare, person.subject)
  const expired = await stage.session(realm, person.subject, { exp: 1, auth_time: 1 })
  const token = good.headers[TOKEN_HEADER]
  return [
    ...[realm.resource.key, realm.other.key, spare.resource.key, stage.lab.env.OPERATOR_KEY],
    ...[strange, expired, person.bearer, person.recoveryCodes[0] ?? '', 'csk_res_', 'csk_op_'],
    ...[await stage.session(realm, `${person.subject}-other`), ...(token ? [token] : [])],
  ]
}

type Variation = () => Call

/** A variation of a call; `others` are what somebody else holds. */
export function variationOf(
  door: Door,
  cast: Cast,
  good: Call,
  others: readonly string[],
  random: Random,
): Call {
  const { input } = door
  const routes = [cast.realm.id, cast.spare.id, OPERATOR_ROUTE, 'unknown', 'console', '__proto__']
  const made = input ? 3 : 0
  const body = typeof good.body === 'string' && good.body !== '' ? 3 : 0
  const parsed = (): unknown => JSON.parse(String(good.body))
  const withBody = (value: unknown): Call => ({ ...good, body: JSON.stringify(value) ?? '' })
  const generated = (): unknown => (input ? generate(input, random, cast.words) : {})
  const call = random.weighted<Variation>([
    [made, () => withBody(generated())],
    [made, () => withBody(bend(generated(), random))],
    [body, () => withBody(bend(parsed(), random))],
    [body, () => damageBody(good, random)],
    [2, () => bendHeaders(good, random)],
    [2, () => bendCredential(others)(good, random)],
    [door.procedure ? 1 : 4, () => bendAddress(routes)(good, random)],
    [door.changes ? 0.3 : 1, () => good],
    [
      0.5,
      () => ({
        ...callOf(random.pick(routes), door.procedure ?? 'a.b', random.pick(others), generated()),
      }),
    ],
  ])()
  return random.chance(0.1) ? { ...call, country: random.pick(['NL', 'US', 'T1', 'XX', '']) } : call
}
