// The page says rules in words before the service is asked.
import { describe, expect, it } from 'vitest'
import { actionsOf, firstToGuard, sentenceOf } from '../../console/rules.ts'
import { BUILT_IN_ACTIONS, DEFAULT_RULE, type EnvironmentSettings } from '../../contract/index.ts'

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

  it('are said in one plain sentence', () => {
    expect(sentenceOf({ ...DEFAULT_RULE, singleUse: true, lifetimeSeconds: 300 })).toBe(
      'Asks enrolled users for an authenticator code or a passkey; the token is single-use, good for 5 minutes.',
    )
    expect(
      sentenceOf({ ...DEFAULT_RULE, acr: 'phr', require: 'always', details: 'required' }, 2),
    ).toBe(
      'Asks every user for a passkey; the token may be used for 10 minutes and for exactly what was confirmed. Stricter in 2 cases.',
    )
    expect(sentenceOf({ ...DEFAULT_RULE, mode: 'observe' })).toMatch(
      /^Only watches\. If enforced: asks/,
    )
    expect(sentenceOf({ ...DEFAULT_RULE, require: 'never' })).toBe('Asks nobody for anything.')
    expect(sentenceOf({ ...DEFAULT_RULE, require: 'deny' })).toBe('Refuses everybody.')
    expect(sentenceOf({ ...DEFAULT_RULE, methods: ['totp'], acr: 'phr' })).toMatch(/no method/)
  })
})
