// Runs Stryker over some files under some tests, and reads what became of each mutant. What is mutated,
// and how good the score must be, stands in mutants.ts.
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Complaint } from '../terminal.ts'
import { ROOT } from '../variables.ts'

const TOLD_LINES = 30

/** What to mutate, and under which tests. */
export interface Mutation {
  /** Patterns from the project's root. */
  files: readonly string[]
  /** The vitest configuration whose tests must notice. */
  tests: string
  /** How many run at once. */
  concurrency: number
  signal: AbortSignal
  /** Called now and then with how far it is. */
  going?: (sentence: string) => void
}

/** What became of the mutants of one file, or of several. */
export interface Tally {
  /** Noticed by a test. */
  killed: number
  /** Noticed because the tests no longer came to an end. */
  timeout: number
  survived: number
  noCoverage: number
  /** Marked in the source, with a reason, as making no difference. */
  ignored: number
}

/** The outcome: a tally for each file, and every mutant that no test noticed. */
export interface Outcome {
  files: { file: string; tally: Tally }[]
  /** `file:line mutator: original → replacement`. */
  unnoticed: string[]
}

/** What is read of Stryker's report (mutation-testing-report-schema). */
interface Report {
  files: Record<string, { source: string; mutants: Mutant[] }>
}
interface Mutant {
  mutatorName: string
  replacement?: string
  status: string
  /** How many tests were run against it. */
  testsCompleted?: number
  location: { start: Position; end: Position }
}
/** Lines and columns count from 1. */
interface Position {
  line: number
  column: number
}

const STATUSES: Record<string, keyof Tally> = {
  Killed: 'killed',
  Timeout: 'timeout',
  Survived: 'survived',
  NoCoverage: 'noCoverage',
  Ignored: 'ignored',
}
const NOTHING: Tally = { killed: 0, timeout: 0, survived: 0, noCoverage: 0, ignored: 0 }

/**
 * Mutates, in a copy of the source in a temporary folder.
 *
 * @throws Complaint where Stryker cannot run, with the end of what it printed
 */
export async function mutate(mutation: Mutation): Promise<Outcome> {
  const scratch = mkdtempSync(join(tmpdir(), 'countersign-mutants-'))
  try {
    const report = join(scratch, 'report.json')
    const config = join(scratch, 'stryker.config.json')
    writeFileSync(config, JSON.stringify(configurationOf(mutation, scratch, report)))
    await runStryker(config, mutation)
    return readReport(JSON.parse(readFileSync(report, 'utf8')))
  } finally {
    rmSync(scratch, { recursive: true, force: true })
  }
}

/** All of Stryker's mutators are on, and no file is left out: texts that users read are tested too. */
const configurationOf = (
  { files, tests, concurrency }: Mutation,
  scratch: string,
  report: string,
) => ({
  mutate: files,
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  // `related`: what is evaluated at import is tried only with the tests that import it.
  vitest: { configFile: tests, related: true },
  coverageAnalysis: 'perTest',
  // stopatfirst.ts does it, and says why.
  disableBail: true,
  // What only takes longer on a busy machine must not look like something that was noticed.
  timeoutMS: 10_000,
  concurrency,
  reporters: ['json', 'progress-append-only'],
  jsonReporter: { fileName: report },
  tempDirName: join(scratch, 'sandbox'),
  cleanTempDir: 'always',
  allowConsoleColors: false,
  warnings: false,
  // What runs here is not type-checked. Stryker would read tsconfig files with the compiler's old API.
  disableTypeChecks: false,
  tsconfigFile: 'none',
  ignorePatterns: [
    '**',
    ...['client', 'contract', 'functions', 'test', 'scripts'].map((room) => `!${room}/**`),
    ...['!package.json', '!docs/policy.md', '**/dist', '**/tsconfig*.json'],
  ],
})

async function runStryker(config: string, { signal, going }: Mutation): Promise<void> {
  signal.throwIfAborted()
  const stryker = spawn('stryker', ['run', config], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own: it runs vitest in further processes.
    detached: true,
  })
  const end = () => endGroup(stryker)
  signal.addEventListener('abort', end)
  const told: string[] = []
  const tell = (chunk: Buffer) => {
    const lines = String(chunk).trimEnd().split('\n')
    told.push(...lines)
    const last = lines.findLast((line) => line.includes(' tested '))
    if (last) going?.(last)
  }
  stryker.stdout.on('data', tell)
  stryker.stderr.on('data', tell)
  const code = await new Promise<number | null>((resolve, reject) => {
    stryker.on('error', reject)
    stryker.on('close', resolve)
  }).finally(() => signal.removeEventListener('abort', end))
  signal.throwIfAborted()
  if (code !== 0)
    throw new Complaint(`Stryker did not come to an end:\n${told.slice(-TOLD_LINES).join('\n')}`)
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid)
  } catch {
    // It has ended by itself.
  }
}

function readReport({ files }: Report): Outcome {
  const sorted = Object.entries(files).sort(([a], [b]) => a.localeCompare(b))
  return {
    files: sorted.map(([file, { mutants }]) => ({ file, tally: tallyOf(mutants) })),
    unnoticed: sorted.flatMap(([file, { source, mutants }]) =>
      mutants
        .filter(({ status }) => status === 'Survived' || status === 'NoCoverage')
        .sort((a, b) => a.location.start.line - b.location.start.line)
        .map((mutant) => tellMutant(file, source, mutant)),
    ),
  }
}

function tallyOf(mutants: Mutant[]): Tally {
  const tally = { ...NOTHING }
  for (const { status } of mutants) {
    const counted = STATUSES[status]
    if (counted) tally[counted] += 1
  }
  return tally
}

/** Tallies added up. */
export const sumOf = (tallies: readonly Tally[]): Tally =>
  tallies.reduce(
    (sum, one) => ({
      killed: sum.killed + one.killed,
      timeout: sum.timeout + one.timeout,
      survived: sum.survived + one.survived,
      noCoverage: sum.noCoverage + one.noCoverage,
      ignored: sum.ignored + one.ignored,
    }),
    NOTHING,
  )

/** How many of a hundred mutants were noticed; those that make no difference do not count. */
export function scoreOf({ killed, timeout, survived, noCoverage }: Tally): number {
  const noticed = killed + timeout
  const all = noticed + survived + noCoverage
  return all === 0 ? 100 : (100 * noticed) / all
}

function tellMutant(file: string, source: string, mutant: Mutant): string {
  const { location, mutatorName, replacement = '', status } = mutant
  const untried = mutant.testsCompleted === 0 ? ' (no test was run)' : ''
  const untested = status === 'NoCoverage' ? ' (no test comes here)' : untried
  const original = oneLine(textAt(source, location))
  return `${file}:${location.start.line} ${mutatorName}: ${original} → ${oneLine(replacement)}${untested}`
}

function textAt(source: string, { start, end }: Mutant['location']): string {
  const lines = source.split('\n').slice(start.line - 1, end.line)
  const last = lines.length - 1
  return lines
    .map((line, index) =>
      line.slice(index === 0 ? start.column - 1 : 0, index === last ? end.column - 1 : line.length),
    )
    .join('\n')
}

const TOLD_CHARACTERS = 70

function oneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ')
  return line.length > TOLD_CHARACTERS ? `${line.slice(0, TOLD_CHARACTERS)}…` : line
}
