// Setting up an environment that an operator has changed: it gets the wanted settings, and keeps the operator's
// others.
import { expect, it } from 'vitest'
import type { CountersignClient } from '../../client/index.ts'
import type { EnvironmentSettings } from '../../contract/index.ts'
import { schemaFault } from '../../functions/domain/details/details-schema.ts'
import { demoSettings } from '../../scripts/demo.ts'
import { provision } from '../../scripts/provision.ts'
import { walletSettings } from '../../scripts/wallet.ts'

const wanted = walletSettings('http://localhost:8790')
const [sign, ...otherBound] = wanted.actions ?? []
const refund = { action: 'order.refund', scope: 'orders:refund', base: { require: 'always' } }
const strictSign = { ...sign, stricter: [{ when: 'true', require: 'always' }] }

/** The service as `provision` calls it, with an environment as it was left. */
function serviceWith(settings: object) {
  const updates: EnvironmentSettings[] = []
  const environment = {
    get: { query: async () => ({ settings, version: 1 }) },
    update: {
      mutate: async (input: { settings: EnvironmentSettings }) => updates.push(input.settings),
    },
  }
  return { client: { environment } as unknown as CountersignClient, updates }
}

it('leaves alone an environment that has more actions, and stricter ones', async () => {
  const { client, updates } = serviceWith({
    ...wanted,
    actions: [refund, strictSign, ...otherBound],
  })
  expect(await provision(client, 'wallet', wanted)).toBe('found')
  expect(updates).toEqual([])
})

it.each(['none', 'onboarding', 'action'])(
  'leaves it to operators when to enroll: %s',
  async (enrollment) => {
    const { client, updates } = serviceWith({ ...wanted, enrollment })
    expect(await provision(client, 'wallet', wanted)).toBe('found')
    expect(updates).toEqual([])
  },
)

it('keeps the actions of others where something else is to be changed', async () => {
  const { client, updates } = serviceWith({
    ...wanted,
    origins: ['http://localhost:1'],
    actions: [refund, strictSign, ...otherBound],
  })
  expect(await provision(client, 'wallet', wanted)).toBe('changed')
  expect(updates).toEqual([{ ...wanted, actions: [refund, strictSign, ...otherBound] }])
})

it('adds missing actions and corrects changed ones', async () => {
  const lax = { action: 'wallet.waas.sign', base: { details: 'none' } }
  for (const [there, then] of [
    [[refund], [refund, sign, ...otherBound]],
    [
      [lax, refund],
      [sign, refund, ...otherBound],
    ],
  ]) {
    const { client, updates } = serviceWith({ ...wanted, actions: there })
    await provision(client, 'wallet', wanted)
    expect(updates).toEqual([{ ...wanted, actions: then }])
  }
})

it('binds every action of the wallet that takes input, and says which legacy tokens count', () => {
  const details = ['sign', 'refresh', 'reshare'].map((name) => ({
    action: `wallet.waas.${name}`,
    base: { details: 'required' },
  }))
  expect(wanted).toMatchObject({ mfaTokens: 'single', actions: details })
  expect(demoSettings('http://localhost:8787', {})).toMatchObject({ mfaTokens: 'single' })
})

it('describes the details of the wallet in schemas that the service accepts', () => {
  const schemas = (wanted.actions ?? []).map(({ detailsSchema = {} }) => detailsSchema)
  expect(schemas.map(schemaFault)).toEqual([undefined, undefined, undefined])
})

it('keeps the rest of an action that it changes, and the legacy tokens that operators chose', async () => {
  const strict = { action: 'wallet.waas.refresh', base: { acr: 'phr', freshnessSeconds: 60 } }
  const { client, updates } = serviceWith({ ...wanted, mfaTokens: 'off', actions: [strict] })
  expect(await provision(client, 'wallet', wanted)).toBe('changed')
  expect(updates).toMatchObject([{ mfaTokens: 'off' }])
  expect(updates[0]?.actions).toContainEqual({
    ...wanted.actions?.find(({ action }) => action === strict.action),
    base: { acr: 'phr', freshnessSeconds: 60, details: 'required' },
  })
})
