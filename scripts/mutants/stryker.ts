// Runs Stryker on some files with some tests. Stryker prints the score of each file and every mutant that no test
// found, and fails below the least score. mutants.ts lists the files.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../variables.ts'

/** Stryker is a package of this folder, because nothing else needs it. */
const STRYKER = `${ROOT}scripts/mutants/node_modules/@stryker-mutator/core/bin/stryker.js`

/** The files to mutate, and the tests that must find the mutants. */
export interface Mutation {
  /** Patterns from the project's root. */
  files: readonly string[]
  /** The vitest configuration of the tests. */
  tests: string
  /** The percentage of mutants that the tests must find. */
  leastScore: number
  /** The number of mutants that are tried at the same time. */
  concurrency: number
  signal: AbortSignal
}

/** Mutates a copy of the source in a temporary folder. Returns whether the tests found enough mutants. */
export async function mutate(mutation: Mutation): Promise<boolean> {
  const { signal } = mutation
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-mutants-'))
  try {
    const config = join(scratch, 'stryker.config.json')
    writeFileSync(config, JSON.stringify(configurationOf(mutation, scratch)))
    signal.throwIfAborted()
    // Stryker gets its own process group, because it starts vitest in other processes.
    const stryker = spawn(process.execPath, [STRYKER, 'run', config], {
      cwd: ROOT,
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    const end = () => endGroup(stryker.pid)
    signal.addEventListener('abort', end)
    const [code] = await once(stryker, 'close')
    signal.removeEventListener('abort', end)
    signal.throwIfAborted()
    return code === 0
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** Returns the configuration. All of Stryker's mutators are on, because tests also check the texts that users read. */
const configurationOf = ({ files, tests, leastScore, concurrency }: Mutation, scratch: string) => ({
  mutate: files,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // With `related`, code that runs at import is tried only with the tests that import it.
  vitest: { configFile: tests, related: true },
  coverageAnalysis: 'perTest',
  // stop-at-first.ts stops at the first failure instead, and explains why.
  disableBail: true,
  // A slow machine must not look like a test that found a mutant.
  timeoutMS: 10_000,
  concurrency,
  thresholds: { high: 100, low: leastScore, break: leastScore },
  reporters: ['clear-text', process.stdout.isTTY ? 'progress' : 'progress-append-only'],
  clearTextReporter: { reportTests: false, logTests: false },
  tempDirName: join(scratch, 'sandbox'),
  cleanTempDir: 'always',
  allowConsoleColors: process.stdout.isTTY === true,
  warnings: false,
  // Nothing is type-checked here. Stryker would read tsconfig files with the compiler's old API.
  disableTypeChecks: false,
  tsconfigFile: 'none',
  ignorePatterns: [
    '**',
    ...['client', 'contract', 'functions', 'reference', 'test', 'scripts'].map(
      (room) => `!${room}/**`,
    ),
    ...[
      '!package.json',
      '!docs/policy.md',
      '!SECURITY.md',
      '**/dist',
      '**/node_modules',
      '**/tsconfig*.json',
    ],
  ],
})

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid)
  } catch {
    // The group has ended already.
  }
}
