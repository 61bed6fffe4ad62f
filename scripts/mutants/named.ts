// Named changes, tried one after the other: each is applied to a copy of the project, and the tests that
// must notice it are run there. Which changes there are is in state/ and ../weakened.ts.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Complaint } from '../terminal.ts'
import { ROOT } from '../variables.ts'
import { WRANGLER_SETTINGS } from '../worker.ts'
import { apply, type Change } from './change.ts'
import type { Request, TestRun } from './testrunner.ts'

/** What a test run needs of the project. */
const COPIED = [
  ...['functions', 'contract', 'client', 'console', 'docs', 'examples', 'scripts', 'test'],
  ...['package.json', 'wrangler.toml', 'vitest.config.ts', 'worker-configuration.d.ts'],
  ...['tsconfig.json', 'tsconfig.base.json'],
]
const LEFT_OUT = /[\\/](dist|node_modules|\.wrangler|\.vite)$/
const LONGEST_RUN_MILLISECONDS = 40 * 60_000
/** What became of a change. `broken`: the tests could not run, so nothing was shown. */
export type Verdict = { change: Change } & (
  | { outcome: 'caught' | 'broken'; by: string }
  | { outcome: 'survived' }
)

interface TryOptions {
  /** How many are tried at once, each in a copy of its own. */
  concurrency: number
  signal: AbortSignal
  /** Called as soon as a change was tried. */
  tried?: (verdict: Verdict) => void
}

/**
 * Tries changes.
 *
 * @returns what became of each, in their order
 * @throws Complaint where the tests do not pass without any change, or a change does not fit the source
 * @example const verdicts = await tryChanges(STATE_CHANGES, { concurrency: 2, signal })
 */
export async function tryChanges(changes: Change[], options: TryOptions): Promise<Verdict[]> {
  const { concurrency, signal, tried } = options
  if (changes.length === 0) return []
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-mutants-')))
  const copies = Array.from({ length: Math.min(concurrency, changes.length) }, (_, index) =>
    copyTo(join(scratch, `${index}`)),
  )
  try {
    for (const change of changes) apply(given(copies[0]).folder, change)()
    const files = [...new Set(changes.flatMap(({ tests }) => tests))]
    await expectToPass(given(copies[0]), files, signal)
    const verdicts: Verdict[] = []
    let next = 0
    const work = async (copy: Copy) => {
      while (next < changes.length) {
        const index = next++
        const verdict = await tryChange(copy, given(changes[index]), signal)
        verdicts[index] = verdict
        tried?.(verdict)
      }
    }
    await Promise.all(copies.map(work))
    return verdicts
  } finally {
    for (const { runner } of copies) if (runner.connected) runner.disconnect()
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** A copy of the project, and the process that runs its tests. */
interface Copy {
  folder: string
  runner: ChildProcess
  /** Files that are not as the runner read them last. */
  changed: string[]
}

function copyTo(folder: string): Copy {
  const filter = (path: string) => !LEFT_OUT.test(path)
  for (const name of COPIED)
    cpSync(`${ROOT}${name}`, join(folder, name), { recursive: true, filter })
  symlinkSync(`${ROOT}node_modules`, join(folder, 'node_modules'), 'junction')
  const runner = fork(join(folder, 'scripts/mutants/testrunner.ts'), {
    cwd: folder,
    env: { ...process.env, ...WRANGLER_SETTINGS },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  return { folder, runner, changed: [] }
}

async function tryChange(copy: Copy, change: Change, signal: AbortSignal): Promise<Verdict> {
  const undo = apply(copy.folder, change)
  const touched = change.replacements.map(([file]) => join(copy.folder, file))
  copy.changed.push(...touched)
  try {
    const { failed, broken } = await runTests(copy, change.tests, signal)
    if (failed !== undefined) return { change, outcome: 'caught', by: failed }
    if (broken !== undefined) return { change, outcome: 'broken', by: broken }
    return { change, outcome: 'survived' }
  } finally {
    undo()
    copy.changed = touched
  }
}

async function expectToPass(copy: Copy, files: string[], signal: AbortSignal): Promise<void> {
  const { passed, failed, broken } = await runTests(copy, files, signal)
  if (failed === undefined && broken === undefined && passed > 0) return
  const why = failed ?? broken ?? 'none ran'
  throw new Complaint(`The tests do not pass before anything is changed: ${why}.`)
}

/** Runs test files, each until its first test fails. */
async function runTests(copy: Copy, files: string[], signal: AbortSignal): Promise<TestRun> {
  const request: Request = { files, changed: copy.changed }
  const answered = new AbortController()
  const tooLong = AbortSignal.timeout(LONGEST_RUN_MILLISECONDS)
  const limit = AbortSignal.any([signal, tooLong, answered.signal])
  copy.runner.send(request)
  try {
    const [answer] = await Promise.race([
      once(copy.runner, 'message', { signal: limit }) as Promise<[TestRun]>,
      once(copy.runner, 'exit', { signal: limit }).then((): never => {
        throw new Complaint('The process that runs the tests has ended.')
      }),
    ])
    return answer
  } catch (error) {
    signal.throwIfAborted()
    if (tooLong.aborted) throw new Complaint('A run of the tests did not end within forty minutes.')
    throw error
  } finally {
    // Whichever of both did not happen is not waited for any longer.
    answered.abort()
  }
}

function given<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a value is missing')
  return value
}
