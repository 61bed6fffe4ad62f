// How the values of a report are written.
import type { Machine } from './machine.ts'
import { CONNECTIONS, type Size } from './measure.ts'
import { BUSY_SHARE, type Goal, type Spread } from './stats.ts'
import type { Value } from './table.ts'

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
commit ${machine.commit}, ${machine.date}, ${rounds} rounds of about ${seconds} s, ${CONNECTIONS} connections, ${machine.others}`

/** Says how busy the machine was. */
export function busyText(busy: number): string {
  const share = `${(busy * 100).toFixed(1)} % of the processor`
  return busy > BUSY_SHARE
    ? `The machine was busy: other processes took ${share}, so there is no verdict.`
    : `Other processes took ${share}.`
}
