// `npm run bench`: measures the service beside floors and other libraries. This file reads options and runs tables.
import { execFileSync } from 'node:child_process'
import {
  Complaint,
  interruption,
  progress,
  readCount,
  readOptions,
  runCommand,
  USAGE_EXIT_CODE,
} from '../scripts/terminal.ts'
import { ROOT } from '../scripts/variables.ts'
import { startLoader } from './loader.ts'
import { describeMachine } from './machine.ts'
import type { Size } from './measure.ts'
import { printReport, writeReport } from './report.ts'
import { type Context, type Report, reportOf, type Table } from './table.ts'
import { GROWTH } from './tables/growth.ts'
import { guardTable } from './tables/guard.ts'
import { memoryTable } from './tables/memory.ts'
import { openFilesTable } from './tables/open-files.ts'
import { check } from './tables/reads.ts'
import { coldTable, freshTable } from './tables/starts.ts'
import { diskTable, dpopTable, passkeyTable, receiptsTable, totpTable } from './tables/step-ups.ts'
import { authorizeTable, consumeTable } from './tables/tokens.ts'
import { machineText } from './texts.ts'

const TABLES: readonly Table[] = [
  check,
  totpTable,
  passkeyTable,
  consumeTable,
  authorizeTable,
  guardTable,
  dpopTable,
  receiptsTable,
  diskTable,
  coldTable,
  freshTable,
  memoryTable,
  openFilesTable,
  ...GROWTH,
]
const TSC = `${ROOT}node_modules/typescript/bin/tsc`
const NAMES = TABLES.map(({ name }) => name)

const HELP = `Measures the service beside floors, which are the plainest code that is correct, and beside other libraries.

  npm run bench -- [NAME…] [--rounds N] [--seconds N] [--write]

  NAME          some tables: ${NAMES.join(', ')}
                (all but those of growth). growth names those, but growth-users-full.
  --rounds N    how often each contender is measured (8)
  --seconds N   about how long, each time (1)
  --write       writes docs/bench/NAME.json and NAME.svg, which docs/performance.md shows

The Worker is bundled as for deployment and served by workerd, with its objects in memory. Every answer is
checked. If other processes use the processor too, a table gives no verdict. The exit code is 1 if a goal was
missed, or an answer was wrong. Linux only.`

const OPTIONS = {
  rounds: { type: 'string', default: '8' },
  seconds: { type: 'string', default: '1' },
  write: { type: 'boolean', default: false },
} as const

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP, true)
  if (!options) return 0
  const tables = wanted(options.positionals)
  const size: Size = {
    rounds: readCount('rounds', options.rounds, { most: 100 }),
    seconds: readCount('seconds', options.seconds, { most: 60 }),
  }
  execFileSync(process.execPath, [TSC, '-p', `${ROOT}bench/programs`], { stdio: 'inherit' })
  const signal = interruption()
  const machine = describeMachine()
  console.log(machineText(machine, size))
  const reports: Report[] = []
  for (const table of tables) {
    const report = await run(table, size, signal)
    printReport(report)
    if (options.write) writeReport(report, machine, size)
    reports.push(report)
  }
  console.log(`\n${Math.ceil(performance.now() / 60_000)} minutes`)
  const isMissed = reports.some(({ values }) => values.some(({ verdict }) => verdict === 'missed'))
  return isMissed ? 1 : 0
}

/** Runs one table, and ends everything that it started. */
async function run(table: Table, size: Size, signal: AbortSignal): Promise<Report> {
  const loader = startLoader()
  const stops: (() => unknown)[] = [() => loader.stop()]
  const context: Context = {
    ...size,
    loader,
    signal,
    going: (what) => {
      signal.throwIfAborted()
      progress(`${table.name}: ${what}`)
    },
    after: (stop) => stops.unshift(stop),
  }
  try {
    return reportOf(table, await table.run(context))
  } catch (error) {
    // Ctrl-C ends the programs too, which then fail.
    signal.throwIfAborted()
    throw error
  } finally {
    progress('')
    for (const stop of stops) await stop()
  }
}

/** Returns the tables of some names, or of groups of names. */
function wanted(names: string[]): readonly Table[] {
  if (names.length === 0) return TABLES.filter(({ only }) => !only)
  return names.flatMap((name) => {
    const named = TABLES.filter((table) => table.name === name)
    const found =
      named.length > 0
        ? named
        : TABLES.filter((table) => table.only !== 'name' && table.name.startsWith(`${name}-`))
    if (found.length > 0) return found
    throw new Complaint(`There is no table ${name}.\n\n${HELP}`, USAGE_EXIT_CODE)
  })
}

await runCommand(main)
