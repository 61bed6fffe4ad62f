// Actions with conditions and their users, for the tests of conditions.
import type { ActionEntry, EnvironmentSettings, RulePart } from '../../contract/index.ts'
import { historyAfterTheHour } from './evidence.ts'
import { enrollTotp, makeEnvironment, type TestEnvironment, type TestUser } from './service.ts'

export const REFUND = 'order.refund'
export const SCOPE = 'orders:refund'
export const PASSKEY: RulePart = { acr: 'phr', methods: ['passkey'] }
export const OVER = 'details.amount > 1000'
export const SMALL = { amount: 10, to: 'alice' }
export const LARGE = { amount: 1500, to: 'alice' }

export const refund = (...stricter: NonNullable<ActionEntry['stricter']>): ActionEntry => ({
  action: REFUND,
  scope: SCOPE,
  stricter,
})
export const over = { when: OVER, ...PASSKEY }
export const settings = (...actions: ActionEntry[]): Partial<EnvironmentSettings> => ({ actions })
export const described: ActionEntry = {
  ...refund(over),
  detailsSchema: {
    type: 'object',
    properties: { amount: { type: 'number' }, to: { type: 'string' } },
    required: ['amount'],
    additionalProperties: false,
  },
}

export async function scene(...actions: ActionEntry[]) {
  const environment = await makeEnvironment(settings(...actions))
  const user = await environment.user({ sid: 's' })
  const { secret } = await enrollTotp(user)
  const { client: resource } = await environment.resource()
  return { environment, user, secret, resource }
}

export const check = (user: TestUser, details?: Record<string, unknown>) =>
  user.client.policy.check.query({ action: REFUND, ...(details && { details }) })
/** What a rule in `observe` noted of a user, once its hour is over. */
export const observedBy = async ({ id }: TestEnvironment, { subject }: TestUser) =>
  (await historyAfterTheHour(id, subject)).filter(({ type }) => type === 'policy.observed')
