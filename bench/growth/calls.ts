// The calls whose time must not grow, for some users or in some environment.
import { DEMO } from '../../scripts/demo.ts'
import { around, atOnce, numbers } from '../at-once.ts'
import { callOf, contenderOf, EXPORT, type Ours, prepareWith, signIn } from '../contenders/ours.ts'
import type { BenchRequest } from '../job.ts'
import type { Contender } from '../measure.ts'

/** What is checked: an action in some environments, for some users. */
export interface Checks {
  name: string
  subjects: readonly string[]
  environments?: readonly string[]
  action?: string
  /** Whether the users have factors, and must step up. */
  isEnrolled?: boolean
}

const BATCH = 2000

const checkIn = (environment: string, bearer: string, action: string): BenchRequest => ({
  ...callOf('policy.check', bearer, { action }),
  path: `/${environment}/trpc/policy.check`,
})

/** `policy.check` with sessions that were seen before. */
export const checksOf = (
  ours: Ours,
  {
    name,
    subjects,
    environments = [DEMO.environment],
    action = EXPORT.action,
    isEnrolled = true,
  }: Checks,
): Contender =>
  contenderOf(ours, name, {
    expected: `"decision":"${isEnrolled ? 'step_up' : 'permit'}"`,
    async prepare(count) {
      const bearers = await atOnce(subjects, (subject) => signIn(ours.setup, subject))
      const calls = numbers(Math.max(bearers.length, environments.length)).map((index) =>
        checkIn(around(environments, index), around(bearers, index), action),
      )
      await atOnce(calls, (call) => prepareWith(ours.url, call))
      return numbers(count).map((index) => around(calls, index))
    },
  })

/**
 * Calls every user once, so that each object was in memory. Restarts in between, because an object in memory holds
 * three open files, and a process may open a limited number.
 */
export async function wakeAll(ours: Ours, subjects: readonly string[]): Promise<void> {
  for (let from = 0; from < subjects.length; from += BATCH) {
    await ours.kill()
    await ours.restart()
    await atOnce(subjects.slice(from, from + BATCH), async (subject) => {
      const bearer = await signIn(ours.setup, subject)
      await prepareWith(ours.url, checkIn(DEMO.environment, bearer, EXPORT.action))
    })
  }
}

/** The newest page of a user's own history. */
export const historyOf = (ours: Ours, subject: string, name: string): Contender =>
  contenderOf(ours, name, {
    expected: '"events":[{"seq":',
    async prepare(count) {
      const bearer = await signIn(ours.setup, subject)
      return numbers(count).map(() => callOf('audit.list', bearer, {}))
    },
  })
