// The table of memory: 1,000 live users, beside objects of a bare Worker with the same tables, rows and number of calls.
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { given } from '../../scripts/tour/users.ts'
import { atOnce, numbers } from '../at-once.ts'
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

export const memoryTable: Table = {
  name: 'memory',
  title: `Resident memory with ${LIVE_USERS} live users`,
  async run(context) {
    const own: number[] = []
    const others: number[] = []
    for (const round of numbers(Math.min(MOST_ROUNDS, context.rounds))) {
      context.going(`round ${round + 1}`)
      const ours = await startOurs(context.signal)
      const content = await liveUsers(context, ours)
        .then(() => {
          own.push(residentMiB(ours.pid()))
          return contentOf(ours)
        })
        .finally(ours.stop)
      others.push(await bareMiB(context, content))
    }
    const floor = Math.ceil(spreadOf(others).median)
    return {
      values: [
        {
          title: 'Countersign',
          ...{ of: spreadOf(own), unit: 'MiB', goal: { atMost: Math.max(GOAL_MIB, floor) } },
          note: `the goal is ${GOAL_MIB} MiB, or what the bare Worker takes if that is more`,
        },
        {
          title: 'bare Worker, same tables, rows and number of calls',
          of: spreadOf(others),
          unit: 'MiB',
        },
        { title: 'Countersign / bare Worker', of: ratioOf(own, others), unit: '×' },
      ],
      cells: [],
    }
  },
}

/** Creates users with an authenticator app, and calls each once more, so that all are live at the same time. */
async function liveUsers({ going }: Context, ours: Ours): Promise<void> {
  going(`creating ${LIVE_USERS} users`)
  const users = await withApps(ours, 'memory', LIVE_USERS)
  await atOnce(users, async ({ subject }) => {
    const bearer = await signIn(ours.setup, subject)
    await prepareWith(ours.url, callOf('policy.check', bearer, { action: EXPORT.action }))
  })
}

/** Returns the tables and rows of one user. */
function contentOf({ objects }: Ours): Content {
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
    database.close()
    return { tables: listed.map(({ sql }) => String(sql)), rows }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Returns the memory of the bare Worker with as many objects of this content. */
async function bareMiB({ signal, going }: Context, content: Content): Promise<number> {
  going('filling bare objects')
  const bare = await startBare(signal)
  try {
    const url = given(bare.fronts[0], 'a front')
    const body = JSON.stringify(content)
    const call = async (path: string, index: number) => {
      const answer = await fetch(`${url}${path}?name=${index}`, { method: 'POST', body })
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`)
      await answer.text()
    }
    // As many calls as each user makes: an enrollment in two steps, and a check.
    for (const path of ['/fill', '/read', '/read'])
      await atOnce(numbers(LIVE_USERS), (index) => call(path, index))
    return residentMiB(bare.pid())
  } finally {
    await bare.stop()
  }
}
