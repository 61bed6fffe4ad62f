// The tables of growth: the time of a call where much is stored, and where little is, in the same rounds. And the
// clean-up of a user with the longest history, part by part.
import { copyFileSync } from 'node:fs'
import { HISTORY_MAX_EVENTS } from '../../functions/state/history.ts'
import { RECEIPT_LIMIT } from '../../functions/state/subject/receipts.ts'
import { DEMO, demoSettings } from '../../scripts/demo.ts'
import { answered } from '../../scripts/prove/users.ts'
import { operatorClient } from '../../scripts/provision.ts'
import { given } from '../../scripts/tour/users.ts'
import { atOnce, numbers } from '../at-once.ts'
import { consume, passkey, withApps, withPasskeys } from '../contenders/our-calls.ts'
import { EXPORT, type Ours } from '../contenders/ours.ts'
import { checksOf, historyOf, wakeAll } from '../growth/calls.ts'
import { cleanUp } from '../growth/clean-up.ts'
import { copyUser, fileOf, fillHistory, settle } from '../growth/fill.ts'
import { busyBetween, readCpu } from '../machine.ts'
import { spreadOf } from '../stats.ts'
import { type Context, compare, type Measured, type Table, type Value } from '../table.ts'
import { oursIn } from './servers.ts'

const FLAT = { of: 'time', goal: { atMost: 1.2 } } as const
/** Users who are called in the rounds. */
const CALLED_USERS = 50
/** Other users who are called before. All further ones exist, and have been called by nobody. */
const WOKEN_USERS = 10_000
/** As many as a settings document may have, and as the directory takes. */
const ACTIONS_MAX = 100
const ENVIRONMENTS_MAX = 1000
const EXPIRED_TOKENS = 10_000
const DAY_SECONDS = 86_400

const number = (value: number): string => value.toLocaleString('en-US')
const subjectsOf = (users: readonly { subject: string }[]) => users.map(({ subject }) => subject)

/** Serves Countersign with users who are called, and many others. */
async function among(context: Context, others: number, room?: 'disk') {
  const ours = await oursIn(context, room && { room })
  const users = await withApps(ours, 'growth', CALLED_USERS)
  if (others > 0) {
    const subjects = numbers(others).map((index) => `other-${index}`)
    await ours.kill()
    copyUser(ours, given(users[0], 'a user').subject, subjects)
    const woken = subjects.slice(0, WOKEN_USERS)
    context.going(`calling ${number(woken.length)} users`)
    await wakeAll(ours, woken)
  }
  const name = others > 0 ? ` among ${number(others)} users` : ' among few users'
  return {
    check: checksOf(ours, { name: `policy.check${name}`, subjects: subjectsOf(users) }),
    consume: consume(ours, users, `token.consume${name}`),
  }
}

const usersTable = (name: string, counts: number[], room?: 'disk'): Table => ({
  name,
  title: `Growth: ${counts.map(number).join(' and ')} users`,
  only: room ? 'name' : 'group',
  async run(context) {
    const few = await among(context, 0, room)
    const many = []
    for (const count of counts) many.push(await among(context, count, room))
    return compare(context, [
      ...many.map(({ check }) => ({ ours: check, other: few.check, ...FLAT })),
      ...many.slice(-1).map((most) => ({ ours: most.consume, other: few.consume, ...FLAT })),
    ])
  },
})

/** Serves Countersign with one user, whose history has a length. */
async function withHistory(context: Context, events: number) {
  const ours = await oursIn(context)
  const users = await withPasskeys(ours, 1)
  const user = given(users[0], 'a user')
  const { device, client } = user
  await client.challenge.verify.mutate(await answered(device, client, [EXPORT.scope]))
  const file = fileOf(ours, user.subject)
  const kept = `${ours.objects}/../history.sqlite`
  if (events > 0) {
    context.going(`writing ${number(events)} events`)
    await ours.kill()
    settle(file)
    fillHistory(file, { events, receipts: RECEIPT_LIMIT, expired: EXPIRED_TOKENS })
    copyFileSync(file, kept)
    await ours.restart()
    await verifyChain(client, events)
  }
  const suffix = events > 0 ? ` with ${number(events)} events` : ' with few events'
  const check = checksOf(ours, { name: `policy.check${suffix}`, subjects: [user.subject] })
  return {
    kept,
    calls: [
      check,
      passkey(ours, users, { name: `passkey step-up${suffix}` }),
      consume(ours, users, `token.consume${suffix}`),
      historyOf(ours, user.subject, `audit.list${suffix}`),
    ],
  }
}

async function verifyChain(
  { audit }: Awaited<ReturnType<typeof withPasskeys>>[number]['client'],
  events: number,
): Promise<void> {
  let cursor: string | undefined
  let count = 0
  do {
    const part = await audit.verify.query(cursor === undefined ? {} : { cursor })
    if (!part.intact) throw new Error(`the chain that was written is broken at ${part.brokenAt}`)
    ;({ cursor, count } = part)
  } while (cursor !== undefined)
  if (count < events) throw new Error(`the chain has ${count} events instead of ${events}`)
}

/**
 * Cleans up the same history in every round. While one part of it runs, the user's object answers nobody. Other
 * processes interrupt some parts, so the longest is found among the shortest times of each part.
 */
function cleanUps({ rounds }: Context, file: string): Measured {
  const before = readCpu()
  const now = Math.floor(Date.now() / 1000)
  const longestOf = (at: number): Pick<Value, 'of' | 'unit' | 'goal'> & { count: number } => {
    const runs = numbers(rounds).map(() => cleanUp(file, at))
    const shortest = (runs[0] ?? []).map((_, part) =>
      Math.min(...runs.map((parts) => parts[part] ?? Number.POSITIVE_INFINITY)),
    )
    return {
      of: spreadOf([Math.max(...shortest)]),
      ...{ unit: 'ms', goal: { atMost: 10 }, count: shortest.length },
    }
  }
  const { count, ...due } = longestOf(now + 500 * DAY_SECONDS)
  const { count: _one, ...notDue } = longestOf(now - DAY_SECONDS)
  return {
    values: [
      { title: `longest of the ${count} parts of a clean-up, everything due`, ...due },
      { title: 'a clean-up with nothing due', ...notDue },
    ],
    cells: [],
    busy: busyBetween(before, readCpu()),
  }
}

const eventsTable: Table = {
  name: 'growth-events',
  only: 'group',
  title: `Growth: one user with ${number(HISTORY_MAX_EVENTS)} events`,
  async run(context) {
    const few = await withHistory(context, 0)
    const many = await withHistory(context, HISTORY_MAX_EVENTS)
    const measured = await compare(
      context,
      many.calls.map((ours, index) => ({
        ours,
        other: given(few.calls[index], 'a call'),
        ...FLAT,
      })),
    )
    context.going('cleaning up')
    const cleaned = cleanUps(context, many.kept)
    return {
      values: [...measured.values, ...cleaned.values],
      cells: measured.cells,
      busy: Math.max(measured.busy ?? 0, cleaned.busy ?? 0),
    }
  },
}

/** Creates environments whose users are those of the demo, with a number of actions. */
async function create(ours: Ours, environments: string[], actions: number): Promise<void> {
  const { setup, operatorKey, url } = ours
  const settings = {
    ...demoSettings(setup.page, setup.application.publicJwk),
    actions: numbers(actions).map((index) => ({ action: `a${index}.run`, scope: `a${index}:run` })),
  }
  const operator = operatorClient(url, operatorKey)
  await atOnce(environments, (environment) =>
    operator.environment.create.mutate({ environment, settings }),
  )
}

/** Users without factors: no environment but the demo has others. */
const SUBJECTS = numbers(CALLED_USERS).map((index) => `stranger-${index}`)

const actionsTable: Table = {
  name: 'growth-actions',
  only: 'group',
  title: `Growth: ${ACTIONS_MAX} actions`,
  async run(context) {
    const [few, many] = [await oursIn(context), await oursIn(context)]
    await create(few, ['grown'], 1)
    await create(many, ['grown'], ACTIONS_MAX)
    const checkOf = (ours: Ours, actions: number) =>
      checksOf(ours, {
        ...{ name: `policy.check with ${actions} actions`, subjects: SUBJECTS, isEnrolled: false },
        ...{ environments: ['grown'], action: `a${actions - 1}.run` },
      })
    return compare(context, [{ ours: checkOf(many, ACTIONS_MAX), other: checkOf(few, 1), ...FLAT }])
  },
}

const environmentsTable: Table = {
  name: 'growth-environments',
  only: 'group',
  title: `Growth: ${number(ENVIRONMENTS_MAX)} environments`,
  async run(context) {
    const [few, many] = [await oursIn(context), await oursIn(context)]
    const others = numbers(ENVIRONMENTS_MAX - 1).map((index) => `grown-${index}`)
    context.going(`creating ${number(others.length)} environments`)
    await create(many, others, 1)
    const checkIn = (ours: Ours, name: string, environments: string[], action: string) =>
      checksOf(ours, { name, subjects: SUBJECTS, environments, action, isEnrolled: false })
    const one = checkIn(few, 'policy.check in one environment', [DEMO.environment], 'user.update')
    return compare(context, [
      {
        ours: checkIn(many, 'policy.check in one of many', [DEMO.environment], 'user.update'),
        other: one,
        ...FLAT,
      },
      {
        ours: checkIn(many, 'policy.check in each of many in turn', others, 'a0.run'),
        ...{ other: one, of: 'time' as const },
        note: 'an isolate keeps 100 environments, so it asks the object of each again',
      },
    ])
  },
}

export const GROWTH: readonly Table[] = [
  usersTable('growth-users', [1000, 10_000]),
  eventsTable,
  actionsTable,
  environmentsTable,
  usersTable('growth-users-full', [100_000], 'disk'),
]
