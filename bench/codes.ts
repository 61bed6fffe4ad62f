// Hands out users with a TOTP code that was never used. Each user has one in every step of 30 seconds.
import { setTimeout as sleep } from 'node:timers/promises'
import type { TOTP } from 'otpauth'
import { STEP_MILLISECONDS } from '../scripts/prove/users.ts'

/** A user with an authenticator app. */
export interface CodeUser {
  subject: string
  app: TOTP
}

/** Hands out users with fresh codes. */
export interface Codes {
  /** The number of users. */
  users: number
  /** Returns users with the code of the current step. Waits for the next step if too many were used in this one. */
  next(count: number): Promise<{ subject: string; code: string }[]>
}

const stepNow = (): number => Math.floor(Date.now() / STEP_MILLISECONDS)

/** Hands out the codes of users. The ones whose code is the oldest come first. */
export function createCodes(users: readonly CodeUser[]): Codes {
  const waiting = users.map((user) => ({ user, step: 0 }))
  return {
    users: users.length,
    async next(count) {
      while (waiting.filter(({ step }) => step < stepNow()).length < count)
        await sleep(STEP_MILLISECONDS - (Date.now() % STEP_MILLISECONDS) + 50)
      const step = stepNow()
      const taken = waiting.splice(0, count).map(({ user }) => user)
      waiting.push(...taken.map((user) => ({ user, step })))
      const timestamp = step * STEP_MILLISECONDS
      return taken.map(({ subject, app }) => ({ subject, code: app.generate({ timestamp }) }))
    },
  }
}
