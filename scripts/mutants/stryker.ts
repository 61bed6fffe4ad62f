// Runs Stryker over some files under some tests. Stryker prints the score of each file and every mutant that
// no test noticed, and fails below the least score. What it mutates is in mutants.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ROOT } from '../variables.ts'

/** What to mutate, and under which tests. */
export interface Mutation {
  /** Patterns from the project's root. */
  files: readonly string[]
  /** The vitest configuration whose tests must notice. */
  tests: string
  /** How many of a hundred mutants must be noticed. */
  leastScore: number
  /** How many run at once. */
  concurrency: number
  signal: AbortSignal
}

/** Mutates a copy of the source in a temporary folder; returns whether enough mutants were noticed. */
export async function mutate(mutation: Mutation): Promise<boolean> {
  const { signal } = mutation
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-mutants-'))
  try {
    const config = join(scratch, 'stryker.config.json')
    writeFileSync(config, JSON.stringify(configurationOf(mutation, scratch)))
    signal.throwIfAborted()
    // A group of its own: it runs vitest in further processes.
    const stryker = spawn('stryker', ['run', config], {
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

/** All of Stryker's mutators are on, and no file is left out: texts that users read are tested too. */
const configurationOf = ({ files, tests, leastScore, concurrency }: Mutation, scratch: string) => ({
  mutate: files,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // `related`: what is evaluated at import is tried only with the tests that import it.
  vitest: { configFile: tests, related: true },
  coverageAnalysis: 'perTest',
  // stop-at-first.ts does it, and says why.
  disableBail: true,
  // What only takes longer on a busy machine must not look like something that was noticed.
  timeoutMS: 10_000,
  concurrency,
  thresholds: { high: 100, low: leastScore, break: leastScore },
  reporters: ['clear-text', process.stdout.isTTY ? 'progress' : 'progress-append-only'],
  clearTextReporter: { reportTests: false, logTests: false },
  tempDirName: join(scratch, 'sandbox'),
  cleanTempDir: 'always',
  allowConsoleColors: process.stdout.isTTY === true,
  warnings: false,
  // What runs here is not type-checked. Stryker would read tsconfig files with the compiler's old API.
  disableTypeChecks: false,
  tsconfigFile: 'none',
  ignorePatterns: [
    '**',
    ...['client', 'contract', 'functions', 'test', 'scripts'].map((room) => `!${room}/**`),
    ...['!package.json', '!docs/policy.md', '!SECURITY.md', '**/dist', '**/tsconfig*.json'],
  ],
})

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid)
  } catch {
    // It has ended by itself.
  }
}
