// A step-up whose token was consumed, and what its receipt is verified with.
import type { JSONWebKeySet } from 'jose'
import type { EnvironmentSettings } from '../../contract/index.ts'
import { forgetEnvironment } from '../../functions/edge/environment.ts'
import type { AuthenticatorOptions } from './authenticator.ts'
import { enrollPasskey, makeDevice, stepUpWithPasskey } from './ceremonies.ts'
import { AUDIENCE, makeEnvironment, operator, send, type TestUser } from './service.ts'

export const DETAILS = { order: 'o-17', amount: 25 }
export const REFUND = {
  action: 'order.refund',
  scope: 'orders:refund',
  base: {
    acr: 'recovery' as const,
    methods: ['passkey' as const, 'totp' as const, 'recovery' as const, 'assertion' as const],
  },
}

export const receiptKeys = async (environment: string): Promise<JSONWebKeySet> => {
  forgetEnvironment(environment)
  return (await send(`/${environment}/receipts/jwks.json`)).json()
}

/** A user with a passkey, who refunds an order. */
export async function refundScene(
  algorithm: NonNullable<AuthenticatorOptions['algorithm']> = 'ES256',
  settings: Partial<Omit<EnvironmentSettings, 'session'>> = {},
) {
  const environment = await makeEnvironment({ actions: [REFUND], ...settings })
  const user = await environment.user()
  const device = makeDevice({ algorithm })
  await enrollPasskey(user, device)
  const resource = await environment.resource()
  const { elevatedToken } = await stepUpWithPasskey(user, device, [REFUND.scope], DETAILS)
  if (!elevatedToken) throw new Error('no elevated token came back')
  const { jti, token } = elevatedToken
  const consume = () =>
    resource.client.token.consume.mutate({
      ...{ token, subject: user.subject, action: REFUND.action, details: DETAILS },
    })
  const receiptFor = (who: TestUser | 'operator' | 'resource') => {
    if (who === 'operator')
      return operator.receipt.get.query({
        ...{ environment: environment.id, subject: user.subject, jti },
      })
    return who === 'resource'
      ? resource.client.receipt.get.query({ subject: user.subject, jti })
      : who.client.receipt.get.query({ jti })
  }
  return { environment, user, device, resource, jti, token, consume, receiptFor, AUDIENCE }
}
