// The counts and faults of a crash proof. ../crash.ts prints them.
import { KINDS, type Kind } from './act.ts'

/** The counts of one kind of call. */
export interface Row {
  calls: number
  /** Answered calls, which must not be lost. */
  acknowledged: number
  /** Calls without an answer, because the service was killed. */
  inFlight: number
  /** Of these, the calls that happened, and those that did not. */
  happened: number
  hadNot: number
  /** Accepted calls that were repeated after a crash. */
  again: number
  /** Of these, the calls that were accepted again. */
  double: number
}

/** The kinds of faults. */
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
/** Further faults are counted, but have no message. */
const MESSAGES_LIMIT = 20

export class Tally {
  kills = 0
  accounts = 0
  events = 0
  chains = 0
  /** Receipts of acknowledged step-ups that were verified after a crash. */
  receipts = 0
  /** Consumptions that were repeated with their idempotency key, and the answers with `replayed`. */
  retried = 0
  replayed = 0
  readonly rows = new Map(KINDS.map((kind): [Kind, Row] => [kind, { ...NO_ROW }]))
  readonly faults: Record<FaultKind, number> = { lost: 0, double: 0, broken: 0, odd: 0 }
  readonly messages: string[] = []

  count({ kind }: { kind: Kind }, what: keyof Row, times = 1): void {
    const row = this.rows.get(kind)
    if (row) row[what] += times
  }

  fault(kind: FaultKind, message: string): void {
    this.faults[kind] += 1
    if (this.messages.length < MESSAGES_LIMIT) this.messages.push(`${kind}: ${message}`)
  }

  /** Returns the sum of one column. */
  sum(what: keyof Row): number {
    return [...this.rows.values()].reduce((sum, row) => sum + row[what], 0)
  }

  /** True if there were kills and acknowledged calls, and no fault. */
  get holds(): boolean {
    const wrong = Object.values(this.faults).some((times) => times > 0)
    return this.kills > 0 && this.sum('acknowledged') > 0 && !wrong
  }
}
