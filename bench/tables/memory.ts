// The table of memory: 1,000 live users, beside objects of a bare Worker with the same tables, rows, number of calls and
// statements.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { given } from '../../scripts/tour/users.ts'
import { atOnce, numbers } from '../at-once.ts'
import { NOTING_STATEMENTS } from '../builds.ts'
import { startBare } from '../contenders/bare.ts'
import { withApps } from '../contenders/our-calls.ts'
import { callOf, EXPORT, type Ours, prepareWith, signIn, startOurs } from '../contenders/ours.ts'
import type { Content } from '../floors/content.ts'
import { residentMiB } from '../machine.ts'
import { ratioOf, spreadOf } from '../stats.ts'
import type { Context, Table } from '../table.ts'

const LIVE_USERS = 1000
const MOST_ROUNDS = 3
const GOAL_MIB = 350

/** The memory of a process in MiB. */
interface Sizes {
  /** Without users. */
  empty: number
  /** With live users. */
  full: number
}

export const memoryTable: Table = {
  name: 'memory',
  title: `Resident memory with ${LIVE_USERS} live users`,
  async run(context) {
    const statements = await statementsOf(context)
    const own: Sizes[] = []
    const others: (Sizes & { filled: number })[] = []
    for (const round of numbers(Math.min(MOST_ROUNDS, context.rounds))) {
      context.going(`round ${round + 1}`)
      const ours = await startOurs(context.signal)
      const empty = residentMiB(ours.pid())
      const stored = await liveUsers(context, ours, LIVE_USERS)
        .then(() => {
          own.push({ empty, full: residentMiB(ours.pid()) })
          return storedBy(ours)
        })
        .finally(ours.stop)
      others.push(await bareSizes(context, { ...stored, statements }))
    }
    const perUser = (sizes: readonly Sizes[]) =>
      sizes.map(({ full, empty }) => ((full - empty) * 1024) / LIVE_USERS)
    return {
      values: [
        {
          title: 'Countersign',
          ...{ of: spreadOf(own.map(({ full }) => full)), unit: 'MiB' },
          goal: { atMost: GOAL_MIB },
          note: 'or a user takes no more than an object of the bare Worker: the last row',
        },
        {
          title: 'bare Worker, same tables, rows and number of calls',
          ...{ of: spreadOf(others.map(({ filled }) => filled)), unit: 'MiB' },
        },
        {
          title: 'bare Worker, the same statements too',
          ...{ of: spreadOf(others.map(({ full }) => full)), unit: 'MiB' },
        },
        {
          title: 'Countersign, without users',
          ...{ of: spreadOf(own.map(({ empty }) => empty)), unit: 'MiB' },
        },
        {
          title: 'bare Worker, without objects',
          ...{ of: spreadOf(others.map(({ empty }) => empty)), unit: 'MiB' },
        },
        {
          title: 'a user of Countersign / an object of the bare Worker with the same statements',
          ...{ of: ratioOf(perUser(own), perUser(others)), unit: '×', goal: { atMost: 1.05 } },
          note: 'the process without users is not counted',
        },
      ],
      cells: [],
    }
  },
}

/** Creates users with an authenticator app, and calls each once more, so that all are live at the same time. */
async function liveUsers({ going }: Context, ours: Ours, count: number): Promise<void> {
  going(`creating ${count} users`)
  const users = await withApps(ours, 'memory', count)
  await atOnce(users, async ({ subject }) => {
    const bearer = await signIn(ours.setup, subject)
    await prepareWith(ours.url, callOf('policy.check', bearer, { action: EXPORT.action }))
  })
}

/** Returns the statements that the object of such a user runs, besides those that create its tables. */
async function statementsOf(context: Context): Promise<string[]> {
  const ours = await startOurs(context.signal, { build: NOTING_STATEMENTS })
  return liveUsers(context, ours, 1)
    .then(() =>
      inUser(ours, (database) =>
        database
          .prepare("SELECT statement FROM ran WHERE statement NOT LIKE '%CREATE TABLE%'")
          .all()
          .map(({ statement }) => String(statement)),
      ),
    )
    .finally(ours.stop)
}

/** Returns the tables and rows of one user. */
const storedBy = (ours: Ours): Pick<Content, 'tables' | 'rows'> =>
  inUser(ours, (database) => {
    const own = "sql IS NOT NULL AND name NOT LIKE '\\_cf\\_%' ESCAPE '\\'"
    const listed = database.prepare(`SELECT type, name, sql FROM sqlite_master WHERE ${own}`).all()
    const rows = listed
      .filter(({ type }) => type === 'table')
      .flatMap(({ name }) =>
        database
          .prepare(`SELECT * FROM ${name}`)
          .all()
          .map((row): Content['rows'][number] => [
            String(name),
            Object.values(row).map((value) =>
              typeof value === 'number' ? value : value === null ? null : String(value),
            ),
          ]),
      )
    return { tables: listed.map(({ sql }) => String(sql)), rows }
  })

/** Reads the database of one user. */
function inUser<T>({ objects }: Ours, read: (database: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-bench-'))
  try {
    const subjects = join(objects, 'Subject')
    const file = given(
      readdirSync(subjects).find((name) => /^[0-9a-f]+\.sqlite$/.test(name)),
      'the database of a user',
    )
    // A copy with its journal, because workerd has the database open.
    for (const suffix of ['', '-wal'])
      cpSync(join(subjects, file + suffix), join(folder, file + suffix))
    const database = new DatabaseSync(join(folder, file))
    const found = read(database)
    database.close()
    return found
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the memory of the bare Worker with as many objects of this content, and before they ran its statements. */
async function bareSizes(
  { signal, going }: Context,
  content: Content,
): Promise<Sizes & { filled: number }> {
  going('filling bare objects')
  const bare = await startBare(signal)
  try {
    const url = given(bare.fronts[0], 'a front')
    const body = JSON.stringify(content)
    const callAll = async (path: string) =>
      atOnce(numbers(LIVE_USERS), async (index) => {
        const answer = await fetch(`${url}${path}?name=${index}`, { method: 'POST', body })
        if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
        await answer.text()
      })
    const empty = residentMiB(bare.pid())
    // As many calls as each user makes: an enrollment in two steps, and a check.
    for (const path of ['/fill', '/read', '/read']) await callAll(path)
    const filled = residentMiB(bare.pid())
    // In one more call.
    await callAll('/run')
    return { empty, filled, full: residentMiB(bare.pid()) }
  } finally {
    await bare.stop()
  }
}
