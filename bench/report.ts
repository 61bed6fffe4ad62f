// Prints tables, and writes them as JSON.
import { mkdirSync, writeFileSync } from 'node:fs'
import { paint } from '../scripts/terminal.ts'
import { ROOT } from '../scripts/variables.ts'
import { drawFigure } from './figure.ts'
import type { Machine } from './machine.ts'
import { CONNECTIONS, type Size } from './measure.ts'
import { BUSY_SHARE } from './stats.ts'
import type { Report } from './table.ts'
import { busyText, goalText, short, spreadText, valueText } from './texts.ts'

const FOLDER = `${ROOT}docs/bench/`
const COLORS = { met: 'green', missed: 'red', 'no verdict': 'yellow' } as const

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
  if (busy !== undefined)
    console.log(paint(busy > BUSY_SHARE ? 'yellow' : 'dim', `    ${busyText(busy)}`))
}

/** Writes a table as docs/bench/NAME.json, and its figure as NAME.svg. */
export function writeReport(report: Report, machine: Machine, size: Size): void {
  mkdirSync(FOLDER, { recursive: true })
  const { rounds, seconds } = size
  const all = { machine, rounds, seconds, connections: CONNECTIONS, ...report }
  writeFileSync(`${FOLDER}${report.name}.json`, `${JSON.stringify(all, null, 2)}\n`)
  writeFileSync(`${FOLDER}${report.name}.svg`, drawFigure(report, machine, size))
}
