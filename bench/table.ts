// What a table is, and the tables that compare the rates of contenders.
import type { Loader } from './loader.ts'
import { type Contender, measure, type Size } from './measure.ts'
import { type Goal, ratioOf, type Spread, spreadOf, type Verdict, verdictOn } from './stats.ts'

/** What every table is run with. */
export interface Context extends Size {
  loader: Loader
  signal: AbortSignal
  /** Says what runs now. */
  going(what: string): void
  /** Runs something at the end of the table, also if the table fails. */
  after(stop: () => unknown): void
}

/** A compared value: a ratio, or a number with its unit. */
export interface Value {
  title: string
  of: Spread
  /** The same ratio by the processor time of a request. A busy machine changes it less. */
  byCpu?: Spread
  unit: '×' | 'ms' | 'MiB' | 'objects' | 'files'
  goal?: Goal
  /** What the other one does not do, or what else a reader must know. */
  note?: string
}

/** What one contender did by itself. */
export interface Cell {
  name: string
  rate: Spread
  /** Latencies in milliseconds, and the processor time of a request in microseconds. */
  p50?: Spread
  p99?: Spread
  cpu?: Spread
}

export interface Measured {
  values: Value[]
  cells: Cell[]
  /**
   * The share of the processor that other processes took: the median of the rounds. Missing if it does not change what
   * is measured.
   */
  busy?: number
}

export interface Table {
  name: string
  title: string
  /** It takes too long for the whole bench. `group`: it runs if it or its group is named. `name`: if it is named. */
  only?: 'group' | 'name'
  run(context: Context): Promise<Measured>
}

/** A table as it is reported. */
export interface Report extends Omit<Measured, 'values'> {
  name: string
  title: string
  values: (Value & { verdict?: Verdict })[]
}

/** Returns the report of a table, with a verdict on every goal. */
export const reportOf = ({ name, title }: Table, { values, ...measured }: Measured): Report => ({
  ...{ name, title, ...measured },
  values: values.map((value) =>
    value.goal
      ? { ...value, verdict: verdictOn(value.of.median, value.goal, measured.busy ?? 0) }
      : value,
  ),
})

/** Two contenders whose rates are compared. */
export interface Pair extends Pick<Value, 'goal' | 'note'> {
  ours: Contender
  other: Contender
  /** `time` divides the times of a request instead of the rates. */
  of?: 'rate' | 'time'
}

/** Measures contenders, and compares some of them round by round. */
export async function compare(context: Context, pairs: readonly Pair[]): Promise<Measured> {
  const contenders = [...new Set(pairs.flatMap(({ ours, other }) => [ours, other]))]
  const samples = await measure(context.loader, contenders, context, context.going)
  const of = (contender: Contender, what: 'rate' | 'p50' | 'p99' | 'cpu' | 'busy') =>
    (samples.get(contender) ?? []).map((sample) => sample[what])
  const values = pairs.map(({ ours, other, of: kind = 'rate', goal, note }): Value => {
    const [first, second] = kind === 'rate' ? [ours, other] : [other, ours]
    return {
      title: `${ours.name} / ${other.name}`,
      of: ratioOf(of(first, 'rate'), of(second, 'rate')),
      byCpu: ratioOf(of(second, 'cpu'), of(first, 'cpu')),
      unit: '×',
      ...(goal && { goal }),
      ...(note && { note }),
    }
  })
  const cells = contenders.map((contender) => ({
    name: contender.name,
    rate: spreadOf(of(contender, 'rate')),
    p50: spreadOf(of(contender, 'p50')),
    p99: spreadOf(of(contender, 'p99')),
    cpu: spreadOf(of(contender, 'cpu')),
  }))
  const busy = Math.max(...contenders.map((contender) => spreadOf(of(contender, 'busy')).median))
  return { values, cells, busy }
}
