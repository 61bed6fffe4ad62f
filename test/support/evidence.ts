// What an attack must not have changed: everything that operators can see of a user and an environment.
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
