// The process that runs tests of one copy of the project, again and again: the test runner is started once,
// and reads again what was changed since. Messages say what to run; each is answered with one message.
import { resolve } from 'node:path'
import { createVitest, type TestCase } from 'vitest/node'

/** What to run, and which files were changed since the last time. */
export interface Request {
  files: string[]
  changed: string[]
}

/** What came of it. */
export interface TestRun {
  passed: number
  /** The name of the first test that failed. */
  failed?: string
  /** Why tests could not run at all. */
  broken?: string
}

const TEST_TIMEOUT_MILLISECONDS = 120_000

const vitest = await createVitest('test', {
  project: ['node', 'workerd'],
  watch: false,
  silent: true,
  reporters: [{}],
})

for (const { config } of vitest.projects) {
  // A busy machine must not look like a test that noticed something.
  config.testTimeout = TEST_TIMEOUT_MILLISECONDS
  config.setupFiles = [resolve('scripts/mutants/stopatfirst.ts')]
}

process.on('message', ({ files, changed }: Request) => {
  for (const file of changed) vitest.invalidateFile(file)
  run(files).then(
    (answer) => process.send?.(answer),
    (error: unknown) => process.send?.({ passed: 0, broken: String(error) } satisfies TestRun),
  )
})
process.on('disconnect', () => process.exit())

async function run(files: string[]): Promise<TestRun> {
  const specifications = await vitest.globTestSpecifications(files)
  const asked = new Set(specifications.map(({ moduleId }) => moduleId))
  const { testModules: known, unhandledErrors } = await vitest.runTestSpecifications(specifications)
  // The runner remembers what came of files that it ran before.
  const testModules = known.filter(({ moduleId }) => asked.has(moduleId))
  const cases = testModules.flatMap((module): TestCase[] => [...module.children.allTests()])
  const failed = cases.find((one) => one.result().state === 'failed')?.fullName
  const errors = [...testModules.flatMap((module) => module.errors()), ...unhandledErrors]
  const passed = cases.filter((one) => one.result().state === 'passed').length
  const told = errors.map((error) => String((error as { message?: unknown }).message)).at(0)
  const broken = told ?? (passed === 0 ? 'no test ran' : undefined)
  return {
    passed,
    ...(failed !== undefined && { failed }),
    ...(broken !== undefined && { broken }),
  }
}
