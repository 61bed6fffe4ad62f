// `npm test`: runs every check of the project. The last line says how many steps and tests passed and failed.
import { spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { parseArgs } from 'node:util'

const OFFLINE = { WRANGLER_SEND_METRICS: 'false', CLOUDFLARE_CF_FETCH_ENABLED: 'false' }
const scratch = mkdtempSync(join(tmpdir(), 'countersign-check-'))

type Step = [name: string, command: string[], remedy: string]

/** Builds the pages first, because several steps and tests need them and would build them at the same time. */
const PAGES: Step[] = (['console', 'wallet'] as const).map((page) => [
  `page builds: ${page}`,
  ['node', 'scripts/pages.ts', page],
  'see the message',
])
/** The checks of the source: name, command, and what to do if it fails. */
const SOURCE: Step[] = [
  ['format and lint', ['biome', 'check', '--error-on-warnings', '.'], 'npm run format'],
  [
    'types, by project references',
    // Several checkers of one project do much of the work several times.
    ['tsc', '-b', '--singleThreaded'],
    'fix what the compiler names',
  ],
  ['generated client is current', ['node', 'scripts/generate.ts', '--check'], 'npm run generate'],
  [
    'binding types are current',
    ['wrangler', 'types', '--check', '--env-file', '.dev.vars.example', '--include-runtime=false'],
    'npm run generate',
  ],
  [
    'client bundle contains only the contract',
    ['node', 'scripts/bundle-check.ts'],
    'see the message',
  ],
]
/** The checks of the build, in order: later steps check the result of earlier ones. */
const BUILT: Step[] = [
  ['package builds', ['node', 'scripts/build.ts'], 'see the message'],
  ['package is well formed', ['publint', '--strict'], 'see the message'],
  [
    'package has types wherever it is imported',
    [
      ...['attw', '--pack', '.', '--profile', 'esm-only'],
      ...['--exclude-entrypoints', 'react/dialog.css', 'openapi.json'],
    ],
    'see the message',
  ],
  ['package is within its size limits', ['size-limit'], 'see "size-limit" in package.json'],
  [
    'lockfile is complete',
    ['npm', 'ci', '--dry-run', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'],
    'npm install, then commit package-lock.json',
  ],
  [
    'Worker bundles for deployment, within its size limit',
    ['node', 'scripts/size.ts'],
    'see LIMIT_KIB in scripts/size.ts',
  ],
  [
    'example wallet bundles for deployment',
    [
      ...['wrangler', 'deploy', '--dry-run', '--config', 'examples/wallet/wrangler.toml'],
      ...['--outdir', join(scratch, 'wallet')],
    ],
    'see the message',
  ],
]
const { values } = parseArgs({
  options: { quick: { type: 'boolean' }, slowest: { type: 'boolean' } },
})
/** `--quick` runs only these, which find most mistakes within a minute. */
const QUICK_STEPS = 2
const QUICK_TESTS = ['--project', 'node', 'test/domain', 'test/client']
/** The browser tests wait more than they compute, so they run at the same time as everything else. */
const BROWSER_TESTS = ['--project', 'browser']
/** One worker more than by default: one of them waits for the programs that its tests started. */
const OTHER_TESTS = ['--project', '!browser', '--maxWorkers', '3']
const SLOWEST_SHOWN = 10

// The pages may not be built yet. The Workers can be bundled with empty folders.
for (const pages of ['console/dist', 'examples/wallet/dist']) mkdirSync(pages, { recursive: true })

let passed = 0
let failed = 0

const reports: Report[] = []

if (values.quick) {
  await take(SOURCE.slice(0, QUICK_STEPS))
  await runTests('tests', QUICK_TESTS)
} else {
  await Promise.all(PAGES.map((step) => take([step])))
  await Promise.all([
    runTests('tests in the browser', BROWSER_TESTS),
    Promise.all([SOURCE, BUILT].map(take)).then(() => runTests('tests', OTHER_TESTS)),
  ])
}
for (const { file, skipped } of readSkipped()) console.log(`○ skipped in ${file}: ${skipped}`)
if (values.slowest) for (const line of readSlowest()) console.log(line)

rmSync(scratch, { recursive: true, force: true })
console.log(`${passed} passed, ${failed} failed`)
process.exitCode = failed === 0 ? 0 : 1

/** Runs steps one after the other. */
async function take(steps: Step[]): Promise<void> {
  for (const [name, command, remedy] of steps) {
    const { ok, output } = await run(command)
    console.log(`${ok ? '✓' : '✗'} ${name}`)
    if (ok) passed += 1
    else {
      failed += 1
      console.log(`${output.trimEnd()}\n  → ${remedy}`)
    }
  }
}

/** Runs tests, and stores their report. */
async function runTests(name: string, which: string[]): Promise<void> {
  const file = join(scratch, `${name}.json`)
  const shown = ['--silent=passed-only', '--reporter=default', '--reporter=json']
  const { ok, output } = await run(['vitest', 'run', ...which, ...shown, `--outputFile=${file}`])
  const report = readReport(file)
  passed += report.numPassedTests
  failed += report.numFailedTests
  // A run that ended before any test failed counts as one failure.
  if (!ok && report.numFailedTests === 0) failed += 1
  console.log(`${ok ? '✓' : '✗'} ${name}`)
  if (!ok) console.log(output)
  reports.push(report)
}

interface Outcome {
  ok: boolean
  output: string
}

function run([program = '', ...args]: string[]): Promise<Outcome> {
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const child = spawn(program, args, {
    env: { ...process.env, ...OFFLINE },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text
    })
  child.once('error', ({ message }) => resolve({ ok: false, output: message }))
  child.once('close', (code) => resolve({ ok: code === 0, output }))
  return promise
}

/** Returns a line for each of the slowest test files. */
function readSlowest(): string[] {
  return reports
    .flatMap(({ testResults }) => testResults)
    .map(({ name, startTime, endTime }) => ({
      file: relative('.', name),
      seconds: Math.round((endTime - startTime) / 1000),
    }))
    .toSorted((a, b) => b.seconds - a.seconds)
    .slice(0, SLOWEST_SHOWN)
    .map(({ file, seconds }) => `${`${seconds}`.padStart(5)} s  ${file}`)
}

/** Returns the skipped tests, whose names say why. */
function readSkipped(): { file: string; skipped: string }[] {
  return reports
    .flatMap(({ testResults }) => testResults)
    .flatMap(({ name, assertionResults }) =>
      assertionResults
        .filter(({ status }) => status === 'skipped' || status === 'pending')
        .map(({ fullName }) => ({ file: relative('.', name), skipped: fullName })),
    )
}

/** The members of vitest's report that are read here. */
interface Report {
  numPassedTests: number
  numFailedTests: number
  testResults: {
    name: string
    startTime: number
    endTime: number
    assertionResults: { status: string; fullName: string }[]
  }[]
}

/** Reads a report. Returns an empty one if the test run did not write it. */
function readReport(file: string): Report {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { numPassedTests: 0, numFailedTests: 0, testResults: [] }
  }
}
