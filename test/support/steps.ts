// The time steps of TOTP codes, for tests that must wait for them.
import { vi } from 'vitest'

const STEP_MILLISECONDS = 30_000

/**
 * Waits where the previous step's code would be too old by the time that it arrives. A clock that a test
 * has stopped ends no step.
 *
 * @param margin how much of the step is to be left, in milliseconds
 */
export async function awayFromStepEnd(margin: number): Promise<void> {
  if (vi.isFakeTimers()) return
  const left = STEP_MILLISECONDS - (Date.now() % STEP_MILLISECONDS)
  if (left < margin) await new Promise((resolve) => setTimeout(resolve, left + 100))
}
