// The clock of the tests, the Worker and its objects, which share an isolate.
import { afterEach, vi } from 'vitest'

/** Stops the clock, at a whole second; it runs again after the test. Returns now, in epoch seconds. */
export function stopClock(): number {
  const now = Math.floor(Date.now() / 1000)
  vi.useFakeTimers({ toFake: ['Date'] })
  vi.setSystemTime(now * 1000)
  return now
}

/** Moves the stopped clock on, and returns now. */
export function advance(seconds: number): number {
  vi.setSystemTime(Date.now() + seconds * 1000)
  return Math.floor(Date.now() / 1000)
}

/** To be called once by a file that stops the clock. */
export const restartClockAfterEach = (): void => {
  afterEach(() => {
    vi.useRealTimers()
  })
}
