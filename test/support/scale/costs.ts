// Reads what calls cost: from test/state/costs.md, and their processor time from the results of the bench.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

const ROOT = resolve(import.meta.dirname, '../../..')
/** For calls that no result of the bench is about. */
export const ASSUMED_CPU_MILLISECONDS = 3

/** What one call costs on an isolate that knows its environment. */
export interface Cost {
  /** Calls of objects. */
  objects: number
  rowsRead: number
  rowsWritten: number
}

const COSTS = new Map(
  readFileSync(resolve(ROOT, 'test/state/costs.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim()))
    .map(([, name = '', calls = '', , , , rowsRead, rowsWritten]): [string, Cost] => [
      name,
      {
        objects: calls.split(' ').filter((call) => call && !/^(KV\.|fetch)/.test(call)).length,
        rowsRead: Number(rowsRead),
        rowsWritten: Number(rowsWritten),
      },
    ]),
)

/**
 * Returns what a call costs.
 *
 * @param name its name in costs.md
 */
export function costOf(name: string): Cost {
  const cost = COSTS.get(name)
  if (!cost) throw new Error(`costs.md has no line "${name}": correct the name`)
  return cost
}

interface Cell {
  name: string
  cpu: { median: number }
}
const cells: Cell[] = globSync('docs/bench/*.json', { cwd: ROOT })
  .toSorted()
  .flatMap((file) => JSON.parse(readFileSync(resolve(ROOT, file), 'utf8')).cells ?? [])

/** Returns the milliseconds of CPU that a call took in the bench, the objects included; undefined if it was not measured. */
export function measuredCpu(contender: string): number | undefined {
  const cell = cells.find(({ name }) => name === contender)
  return cell && cell.cpu.median / 1000
}
