// What a run through crashes counted, and what it found wrong. It prints nothing: ../crash.ts does.
import { KINDS, type Kind } from './act.ts'

/** The counts of one kind of call. */
export interface Row {
  calls: number
  /** Answered, so that it must hold from then on. */
  acknowledged: number
  /** In flight when the service was killed: no answer came. */
  inFlight: number
  /** Of these: it had happened all the same, or it had not. */
  happened: number
  hadNot: number
  /** Presented once more after a crash, though it was accepted before. */
  again: number
  /** Of these: accepted once more. */
  double: number
}

/** What was found wrong, counted by what it breaks. */
export type FaultKind = 'lost' | 'double' | 'broken' | 'odd'

const NO_ROW: Row = {
  calls: 0,
  acknowledged: 0,
  inFlight: 0,
  happened: 0,
  hadNot: 0,
  again: 0,
  double: 0,
}
/** More than these are counted, but not told. */
const TOLD = 20

export class Tally {
  kills = 0
  accounts = 0
  events = 0
  chains = 0
  /** Consumptions retried with their key, and how many of the answers said `replayed`. */
  retried = 0
  replayed = 0
  readonly rows = new Map(KINDS.map((kind): [Kind, Row] => [kind, { ...NO_ROW }]))
  readonly faults: Record<FaultKind, number> = { lost: 0, double: 0, broken: 0, odd: 0 }
  readonly told: string[] = []

  count({ kind }: { kind: Kind }, what: keyof Row, times = 1): void {
    const row = this.rows.get(kind)
    if (row) row[what] += times
  }

  fault(kind: FaultKind, told: string): void {
    this.faults[kind] += 1
    if (this.told.length < TOLD) this.told.push(`${kind}: ${told}`)
  }

  /** The sum of one column. */
  sum(what: keyof Row): number {
    return [...this.rows.values()].reduce((sum, row) => sum + row[what], 0)
  }

  /** Whether anything was there to be lost, and nothing was found wrong. */
  get holds(): boolean {
    const wrong = Object.values(this.faults).some((times) => times > 0)
    return this.kills > 0 && this.sum('acknowledged') > 0 && !wrong
  }
}
