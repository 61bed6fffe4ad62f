// Prints tables, and writes them as JSON.
import { mkdirSync, writeFileSync } from 'node:fs'
import { paint } from '../scripts/terminal.ts'
import { ROOT } from '../scripts/variables.ts'
import type { Machine } from './machine.ts'
import type { Size } from './measure.ts'
import { BUSY_SHARE, type Goal, type Spread } from './stats.ts'
import type { Report, Value } from './table.ts'

const FOLDER = `${ROOT}docs/bench/`
const COLORS = { met: 'green', missed: 'red', 'no verdict': 'yellow' } as const

/** Formats a number with three significant digits. */
export const short = (value: number): string =>
  Math.abs(value) >= 100 ? value.toFixed(0) : value.toPrecision(3)

/** Formats a spread: the median, and in parentheses the least and the greatest value. */
export const spreadText = ({ median, least, most }: Spread, unit = ''): string =>
  `${short(median)}${unit} (${short(least)}..${short(most)})`

/** Formats a value. */
export const valueText = ({ of, unit }: Pick<Value, 'of' | 'unit'>): string =>
  spreadText(of, ` ${unit}`)

/** Formats a goal. */
export const goalText = (goal: Goal): string =>
  'atLeast' in goal ? `≥ ${goal.atLeast}` : `≤ ${goal.atMost}`

/** Formats the head of a report. */
export const machineText = (machine: Machine, { rounds, seconds }: Size): string =>
  `${machine.cores} cores (${machine.processor}), ${machine.memoryGiB} GiB, Linux ${machine.kernel}, Node ${machine.node}, workerd ${machine.workerd}
commit ${machine.commit}, ${machine.date}, ${rounds} rounds of about ${seconds} s, 16 connections`

/** Prints a table. */
export function printReport({ name, title, values, cells, busy }: Report): void {
  console.log(`\n${paint('bold', `${title} (${name})`)}`)
  const width = Math.max(...values.map((value) => value.title.length))
  for (const { title, of, byCpu, unit, goal, verdict, note } of values) {
    const said = goal ? `  goal ${goalText(goal)}` : ''
    const end = verdict ? `  ${paint(COLORS[verdict], verdict)}` : ''
    console.log(`  ${title.padEnd(width)}  ${valueText({ of, unit }).padEnd(22)}${said}${end}`)
    if (byCpu)
      console.log(
        paint('dim', `    ${'by processor time'.padEnd(width)}${valueText({ of: byCpu, unit })}`),
      )
    if (note) console.log(paint('dim', `    ${note}`))
  }
  for (const { name, rate, p50, p99, cpu } of cells) {
    const rest =
      p50 && p99 && cpu
        ? `   p50 ${short(p50.median)} ms   p99 ${short(p99.median)} ms   CPU ${short(cpu.median)} µs`
        : ''
    console.log(paint('dim', `    ${name.padEnd(width)}${spreadText(rate)} /s${rest}`))
  }
  const share = `${(busy * 100).toFixed(1)} % of the processor`
  if (busy > BUSY_SHARE)
    console.log(
      paint('yellow', `  The machine was busy: other processes took ${share}. No verdict.`),
    )
  else console.log(paint('dim', `    other processes took at most ${share}`))
}

/** Writes a table as docs/bench/NAME.json. */
export function writeReport(report: Report, machine: Machine, size: Size): void {
  mkdirSync(FOLDER, { recursive: true })
  const { rounds, seconds } = size
  const all = { machine, rounds, seconds, connections: 16, ...report }
  writeFileSync(`${FOLDER}${report.name}.json`, `${JSON.stringify(all, null, 2)}\n`)
}
