// Settings in the words of the forms: what a place is called, and what its value says.
import { describe, expect, it } from 'vitest'
import {
  changeInWords,
  changesInWords,
  contrast,
  partsOf,
  placeName,
} from '../../console/model/saying.ts'

describe('a place of the settings', () => {
  it('is called as its form calls it', () => {
    expect(placeName('rpId')).toBe('Passkey domain')
    expect(placeName('actions[wallet.waas.sign].base.lifetimeSeconds')).toBe(
      'Sign with a wallet: Lifetime',
    )
    expect(placeName('actions[order.refund]')).toBe('order.refund')
    expect(placeName('something.new')).toBe('something.new')
    const actions = [{ action: 'order.refund', title: 'Refund' }]
    expect(placeName('actions[order.refund].scope', actions)).toBe('Refund: Scope')
  })
})

describe('a value', () => {
  it('is said in words', () => {
    expect(partsOf('actions[a.b].base.require', 'whenEnrolled')).toEqual([
      { name: 'Who is asked', text: 'Users who have enrolled' },
    ])
    expect(partsOf('history.keepDays', 1)).toEqual([{ name: 'Keep history', text: '1 day' }])
    expect(partsOf('rpName', undefined)).toEqual([])
    expect(partsOf('actions[a.b].base.dpop', true)).toEqual([
      { name: 'Only tokens that are bound to a key (DPoP)', text: 'Yes' },
    ])
    expect(partsOf('senderConstrained', 'dpopNonce')).toEqual([
      { name: 'Tokens bound to the page’s key (DPoP)', text: 'On, with a nonce' },
    ])
  })

  it('is said in words where it is about the claims of a token', () => {
    const rules = [
      { claim: 'token_use', equals: 'access' },
      { claim: 'scope', includes: 'user:basic' },
      { claim: 'act', absent: true },
    ]
    const [required] = partsOf('session.requiredClaims', rules)
    expect(required).toEqual({
      name: 'Required claims',
      text: 'token_use must be access\nscope must contain user:basic\nact must be missing',
    })
    const except = { member: 'method', values: ['token_refresh'] }
    const newest = { from: 'newest', claim: 'amr', member: 'timestamp', except }
    const saying = (source: object) => partsOf('session.authTime', source)[0]?.text
    expect(saying(newest)).toBe('The newest timestamp in amr, not of method token_refresh')
    expect(saying({ from: 'minutesAgo', claim: 'fva', index: 0 })).toBe(
      'Minutes before the token was issued, at place 0 of fva',
    )
    expect(saying({ from: 'claim', claim: 'at' })).toBe('at, in epoch seconds')
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

describe('what an operator confirms', () => {
  const path = 'actions[wallet.waas.sign].base.methods'
  const before = ['passkey']
  const after = ['totp', 'passkey']

  it.each([
    [
      { path, before, after, weaker: true },
      'weaken Sign with a wallet: Methods from “Passkey” to “Authenticator app, Passkey”',
    ],
    [
      { path: 'rpName', before: 'Shop', after: 'Store', weaker: false },
      'change Relying party name from “Shop” to “Store”',
    ],
    [{ path: 'history.keepDays', after: 90, weaker: false }, 'set Keep history to “90 days”'],
    [
      { path: 'actions[payee.add]', after: { action: 'payee.add', scope: 'p' }, weaker: false },
      'add New payee',
    ],
    [
      {
        path: 'actions[payee.add].stricter',
        before: { when: 'details.amount > 1000', acr: 'phr' },
        weaker: true,
      },
      'remove New payee: Stricter case, Stricter when details.amount > 1000, which is weaker',
    ],
  ])('is said in words: %j', (change, words) => {
    const actions = [{ action: 'payee.add', title: 'New payee' }]
    expect(changeInWords(change, actions)).toBe(words)
  })

  it('begins with what is weaker, and says how many more there are', () => {
    const change = { path: 'rpName', before: 'Shop', after: 'Store', weaker: false }
    const weaker = { path, before, after, weaker: true }
    expect(changesInWords([change, weaker, weaker], 'live')).toBe(
      'weaken Sign with a wallet: Methods from “Passkey” to “Authenticator app, Passkey” in live, and make 2 more changes, 1 of them weaker',
    )
    expect(changesInWords([change], 'live')).toBe(
      'change Relying party name from “Shop” to “Store” in live',
    )
  })

  it('never fills the dialog with a long value', () => {
    const after = { type: 'object', properties: { note: { type: 'string', maxLength: 4000 } } }
    const words = changeInWords({ path: 'actions[a.b].detailsSchema', after, weaker: false })
    expect(words.length).toBeLessThan(120)
  })
})
