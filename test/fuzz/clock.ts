// The clock of the fuzzing, of the Worker and of its objects, which share an isolate: it runs, and can be
// moved on, so that a code's step or a limit's hour is over at once.

const running = Date.now
let ahead = 0

/** Lets the clock of this isolate be moved; returns what puts it back. */
export function takeClock(): () => void {
  Date.now = () => running() + ahead
  return () => {
    Date.now = running
  }
}

export const moveOn = (seconds: number): void => {
  ahead += seconds * 1000
}

export const now = (): number => Math.floor(Date.now() / 1000)
