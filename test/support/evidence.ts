// What an attack must not have changed: everything that operators can see of a user and an environment.
import { runDurableObjectAlarm } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { advance, stopClock } from './clock.ts'
import { operator } from './service.ts'

/** Settings, keys and chain of an environment, and the factors, tokens and chain of one user of it. */
export async function evidence(environment: string, subject = 'nobody') {
  const [overview, view, chain, own] = await Promise.all([
    operator.environment.get.query({ environment }),
    operator.subject.get.query({ environment, subject }),
    operator.audit.verify.query({ environment }),
    operator.audit.verify.query({ environment, subject }),
  ])
  return { overview, view, chain, own }
}

/** The events of a user's history, oldest first. */
export async function historyOf(environment: string, subject: string) {
  const { events } = await operator.audit.list.query({ environment, subject })
  return events.toReversed()
}

/** The same when the hour has ended: then what was counted is written. Moves the clock. */
export async function historyAfterTheHour(environment: string, subject: string) {
  stopClock()
  advance(3600)
  await runDurableObjectAlarm(env.SUBJECT.getByName(subjectObjectName(environment, subject)))
  return historyOf(environment, subject)
}
