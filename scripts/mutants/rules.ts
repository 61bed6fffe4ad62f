// Runs the tests against weakened builds, which the tests must catch. Each build is a copy of the project that is
// weakened in one rule. ../weakened.ts lists the builds.
import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Complaint } from '../terminal.ts'
import { ROOT } from '../variables.ts'
import { type WeakenedBy, weaken } from '../weakened.ts'
import { WRANGLER_SETTINGS } from '../worker.ts'

/** The parts of the project that a test run needs. */
const COPIED = [
  ...['functions', 'contract', 'client', 'console', 'docs', 'examples', 'scripts', 'test', 'ui'],
  'reference',
  ...['package.json', 'wrangler.toml', 'vitest.config.ts', 'worker-configuration.d.ts'],
  ...['README.md', 'SECURITY.md', 'tsconfig.json', 'tsconfig.base.json'],
]
const LEFT_OUT = /[\\/](dist|node_modules|\.wrangler|\.vite)$/
const LONGEST_RUN_MILLISECONDS = 40 * 60_000
/** A slow machine must not look like a test that caught a build. */
const TEST_TIMEOUT_MILLISECONDS = 120_000

type Build = WeakenedBy<'tests'>

/** The first test that failed, or the reason why the tests could not run. */
export interface TestRun {
  failed?: string
  broken?: string
}
/** The result of a build. */
export type Verdict = TestRun & { build: Build }

interface TryOptions {
  /** The number of builds that are tried at the same time, each in its own copy. */
  concurrency: number
  signal: AbortSignal
  /** Called after each build. */
  tried?: () => void
}

/**
 * Runs the tests against builds.
 *
 * @returns the result of each build, in the same order
 * @throws Complaint if the tests fail without any change, or if the source does not contain a replaced text
 */
export async function tryBuilds(builds: Build[], options: TryOptions): Promise<Verdict[]> {
  const { concurrency, signal, tried } = options
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'countersign-mutants-')))
  try {
    const copies = Array.from({ length: Math.min(concurrency, builds.length) }, (_, index) =>
      copyTo(join(scratch, `${index}`)),
    )
    const [first] = copies
    if (first !== undefined) await expectToPass(first, builds, signal)
    const verdicts: Verdict[] = []
    const waiting = [...builds.entries()]
    const work = async (copy: string) => {
      for (let next = waiting.shift(); next; next = waiting.shift()) {
        const [index, build] = next
        const undo = weaken(copy, build)
        verdicts[index] = { build, ...(await runTests(copy, build.caughtBy.tests, signal)) }
        undo()
        tried?.()
      }
    }
    await Promise.all(copies.map(work))
    return verdicts
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

function copyTo(folder: string): string {
  const filter = (path: string) => !LEFT_OUT.test(path)
  for (const name of COPIED)
    cpSync(`${ROOT}${name}`, join(folder, name), { recursive: true, filter })
  symlinkSync(`${ROOT}node_modules`, join(folder, 'node_modules'), 'junction')
  return folder
}

async function expectToPass(copy: string, builds: Build[], signal: AbortSignal): Promise<void> {
  for (const build of builds) weaken(copy, build)()
  const files = [...new Set(builds.flatMap(({ caughtBy }) => caughtBy.tests))]
  const { failed, broken } = await runTests(copy, files, signal)
  const why = failed ?? broken
  if (why !== undefined)
    throw new Complaint(`The tests do not pass before anything is changed: ${why}.`)
}

/** The members of vitest's report that are read here. */
interface Report {
  testResults: {
    message?: string
    assertionResults: { ancestorTitles: string[]; title: string; status: string }[]
  }[]
}

/** Runs test files until the first test fails. */
async function runTests(copy: string, files: string[], signal: AbortSignal): Promise<TestRun> {
  const path = join(copy, 'report.json')
  rmSync(path, { force: true })
  const args = [
    ...['run', '--project', 'node', '--project', 'workerd*', '--bail', '1', '--no-color'],
    ...['--testTimeout', String(TEST_TIMEOUT_MILLISECONDS)],
    ...['--reporter', 'json', '--outputFile', path, ...files],
  ]
  const ended = await new Promise<Error | null>((resolve) => {
    const options = {
      cwd: copy,
      env: { ...process.env, ...WRANGLER_SETTINGS },
      signal,
      timeout: LONGEST_RUN_MILLISECONDS,
    }
    execFile('vitest', args, options, (error) => resolve(error))
  })
  signal.throwIfAborted()
  if (!ended) return {}
  try {
    const { testResults }: Report = JSON.parse(readFileSync(path, 'utf8'))
    const first = testResults
      .flatMap(({ assertionResults }) => assertionResults)
      .find(({ status }) => status === 'failed')
    if (first) return { failed: [...first.ancestorTitles, first.title].join(' > ') }
    return { broken: testResults.find(({ message }) => message)?.message ?? ended.message }
  } catch {
    return { broken: ended.message }
  }
}
