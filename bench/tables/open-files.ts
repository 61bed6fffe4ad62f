// The table of the local runtime's limit: how many users are in memory at the same time until it can open no further
// file, beside objects of a bare Worker with one table. Cloudflare has no such limit.
import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { given } from '../../scripts/tour/users.ts'
import { numbers } from '../at-once.ts'
import { startBare } from '../contenders/bare.ts'
import { withApps } from '../contenders/our-calls.ts'
import { callOf, EXPORT, signIn } from '../contenders/ours.ts'
import { copyUser } from '../growth/fill.ts'
import { spreadOf } from '../stats.ts'
import type { Table, Value } from '../table.ts'
import { oursIn } from './servers.ts'

const ALLOWED_FILES = 500
const MOST_OBJECTS = 300
/** Objects of which the open files are the mean. */
const COUNTED_OBJECTS = 100

interface Live {
  objects: number
  files: number
}

/** Calls one object after the other until a call fails. They are called within the 10 seconds that they stay in memory. */
async function untilRefused(
  pid: number,
  call: (index: number) => Promise<Response>,
): Promise<Live> {
  execFileSync('prlimit', ['--pid', `${pid}`, `--nofile=${ALLOWED_FILES}`])
  const openFiles = () => readdirSync(`/proc/${pid}/fd`).length
  const before = openFiles()
  let files = Number.NaN
  for (let index = 0; index < MOST_OBJECTS; index += 1) {
    const answer = await call(index)
    await answer.text()
    if (!answer.ok) return { objects: index, files }
    if (index + 1 === COUNTED_OBJECTS) files = (openFiles() - before) / COUNTED_OBJECTS
  }
  return { objects: MOST_OBJECTS, files }
}

const valuesOf = (name: string, { objects, files }: Live): Value[] => [
  { title: `${name}: in memory at most`, of: spreadOf([objects]), unit: 'objects' },
  { title: `${name}: open files of each`, of: spreadOf([files]), unit: 'files' },
]

export const openFilesTable: Table = {
  name: 'open-files',
  title: `Objects in memory where ${ALLOWED_FILES} files may be open`,
  async run(context) {
    const ours = await oursIn(context)
    const [user] = await withApps(ours, 'open', 1)
    const subjects = numbers(MOST_OBJECTS).map((index) => `other-${index}`)
    await ours.kill()
    copyUser(ours, given(user, 'a user').subject, subjects)
    await ours.restart()
    const own = await untilRefused(ours.pid(), async (index) => {
      const bearer = await signIn(ours.setup, given(subjects[index], 'a user'))
      const { path, headers, body } = callOf('policy.check', bearer, { action: EXPORT.action })
      return fetch(ours.url + path, { method: 'POST', headers, body })
    })
    const bare = await startBare(context.signal)
    context.after(bare.stop)
    const url = given(bare.fronts[0], 'a front')
    const body = JSON.stringify({ tables: ['CREATE TABLE one (n INTEGER)'], rows: [] })
    const other = await untilRefused(bare.pid(), (index) =>
      fetch(`${url}/fill?name=${index}`, { method: 'POST', body }),
    )
    return {
      values: [...valuesOf('Countersign', own), ...valuesOf('bare Worker', other)],
      cells: [],
      // Other processes change the time that something takes, not how many files it opens.
      busy: 0,
    }
  },
}
