// The page says rules in words before the service is asked.
import { describe, expect, it } from 'vitest'
import { actionsOf, firstToGuard, groupsOf, schemaPart, sentenceOf } from '../../console/rules.ts'
import { BUILT_IN_ACTIONS, type EnvironmentSettings, type Rule } from '../../contract/index.ts'

const SETTINGS: EnvironmentSettings = {
  session: { issuer: 'https://login.example', keys: { jwksUri: 'https://login.example/keys' } },
  rpId: 'app.example',
  origins: ['https://app.example'],
  audiences: ['https://api.example'],
}

describe('the rules that the page shows', () => {
  it('lead a guide to an action of the application, and to a built-in one before it has any', () => {
    const own = { action: 'order.refund', scope: 'orders:refund' }
    expect(firstToGuard(actionsOf({ ...SETTINGS, actions: [own] }))?.action).toBe('order.refund')
    expect(firstToGuard(actionsOf(SETTINGS))?.action).toBe('wallet.waas.export')
  })

  it('begin with every built-in action, and end with the operator’s own', () => {
    const own = { action: 'order.refund', scope: 'orders:refund' }
    const names = actionsOf({ ...SETTINGS, actions: [own] }).map(({ action }) => action)
    expect(names).toEqual([...Object.keys(BUILT_IN_ACTIONS), 'order.refund'])
  })

  it('are listed with the operator’s own on top, once there are any', () => {
    const own = { action: 'order.refund', scope: 'orders:refund' }
    const idsOf = (actions: EnvironmentSettings['actions']) =>
      groupsOf({ ...SETTINGS, ...(actions && { actions }) }).map(({ id }) => id)
    expect(idsOf([own])).toEqual(['own', 'wallet', 'account', 'credentials'])
    expect(idsOf(undefined)).toEqual(['wallet', 'account', 'credentials', 'own'])
  })

  it('require details once a new action describes them, and never change a stored rule', () => {
    const detailsSchema = { type: 'object' }
    const shownOf = (more: object) => {
      const entry = { action: 'order.refund', scope: 'orders:refund', ...more }
      const [shown] = actionsOf({ ...SETTINGS, actions: [entry] }).slice(-1)
      if (!shown) throw new Error('no action')
      return shown
    }
    const added = schemaPart(shownOf({}), detailsSchema, true)
    expect(added).toMatchObject({ detailsSchema, base: { details: 'required' } })
    for (const [more, schema, isNew] of [
      [{}, detailsSchema, false],
      [{}, undefined, true],
      [{ detailsSchema }, { type: 'object', title: 'x' }, true],
      [{ base: { details: 'none' } }, detailsSchema, true],
    ] as const)
      expect(schemaPart(shownOf(more), schema, isNew)).toEqual({ detailsSchema: schema })
  })

  const WHEN = { when: 'details.amount > 9.0' }

  it.each<[base: Partial<Rule>, stricter: { when: string }[], sentence: string]>([
    [
      { singleUse: true, lifetimeSeconds: 300 },
      [],
      'Asks enrolled users for an authenticator code or a passkey; the token is single-use, good for 5 minutes.',
    ],
    [
      { acr: 'phr', require: 'always', details: 'required' },
      [{ when: 'true' }, { when: 'true' }],
      'Asks every user for a passkey; the token may be used for 10 minutes and for exactly what was confirmed. Stricter in 2 cases.',
    ],
    [
      {},
      [WHEN],
      'Asks enrolled users for an authenticator code or a passkey; the token may be used for 10 minutes and for exactly what was confirmed. Stricter in 1 case.',
    ],
    [
      { mode: 'observe' },
      [],
      'Monitors only. If enforced: asks enrolled users for an authenticator code or a passkey; the token may be used for 10 minutes.',
    ],
    [{ require: 'never' }, [], 'Asks nobody for anything.'],
    [{ require: 'deny' }, [], 'Refuses everybody.'],
    [
      { methods: ['totp'], acr: 'phr' },
      [],
      'Refuses everybody: no method allowed here is strong enough.',
    ],
  ])('are said in one plain sentence: %j', (base, stricter, sentence) => {
    expect(sentenceOf({ action: 'order.refund', scope: 'orders:refund', base, stricter })).toBe(
      sentence,
    )
  })
})
