// Settings in the words of the forms: what a place is called, and what its value says.
import { describe, expect, it } from 'vitest'
import { contrast, partsOf, placeName } from '../../console/model/saying.ts'

describe('a place of the settings', () => {
  it('is called as its form calls it', () => {
    expect(placeName('rpId')).toBe('Passkey domain')
    expect(placeName('actions[wallet.waas.sign].base.lifetimeSeconds')).toBe(
      'Sign with a wallet: Lifetime',
    )
    expect(placeName('actions[order.refund]')).toBe('order.refund')
    expect(placeName('something.new')).toBe('something.new')
  })
})

describe('a value', () => {
  it('is said in words', () => {
    expect(partsOf('actions[a.b].base.require', 'whenEnrolled')).toEqual([
      { name: 'Who is asked', text: 'Users who have enrolled' },
    ])
    expect(partsOf('history.keepDays', 1)).toEqual([{ name: 'Keep history', text: '1 day' }])
    expect(partsOf('rpName', undefined)).toEqual([])
  })

  it('is said part by part where it is a whole action', () => {
    const entry = {
      action: 'order.refund',
      scope: 'orders:refund',
      base: { acr: 'mfa', methods: ['totp', 'passkey'] },
      stricter: [{ when: 'details.amount > 1000', acr: 'phr', lifetimeSeconds: 60 }],
    }
    expect(partsOf('actions[order.refund]', entry)).toEqual([
      { name: 'Scope', text: 'orders:refund' },
      { name: 'Assurance level', text: 'Authenticator code or better' },
      { name: 'Methods', text: 'Authenticator app, Passkey' },
      {
        name: 'Stricter when details.amount > 1000',
        text: 'Assurance level: Passkey alone\nLifetime: 1 minute',
      },
    ])
  })
})

describe('two values to choose between', () => {
  it('are told by what they say differently', () => {
    expect(contrast('rpName', 'Mine', 'Theirs')).toEqual(['Mine', 'Theirs'])
    const rule = { acr: 'mfa', lifetimeSeconds: 60 }
    expect(
      contrast('actions[a.b]', { action: 'a.b', base: rule }, { base: { ...rule, acr: 'phr' } }),
    ).toEqual(['Assurance level: Authenticator code or better', 'Assurance level: Passkey alone'])
  })
})
