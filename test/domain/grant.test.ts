// The grant of one token: which scopes can share it, with which method, and for how long.
import { describe, expect, it } from 'vitest'
import type { Method, Offered } from '../../contract/index.ts'
import { planGrant, type TokenRequest } from '../../functions/domain/policy/grant.ts'
import type { Action } from '../../functions/domain/policy/policy.ts'
import { actionBy, EVERYTHING, RESOURCE, refusalOf } from '../support/rules.ts'

const named = (name: string, rule: Parameters<typeof actionBy>[0] = {}, more = {}): Action =>
  actionBy(rule, { action: name, scope: `s:${name}`, ...more })

const ACTIONS: Action[] = [
  named('list'),
  named('refund', { singleUse: true, lifetimeSeconds: 300, freshnessSeconds: 120, acr: 'phr' }),
  named('note', { acr: 'recovery', lifetimeSeconds: 60 }),
  named('pay', { details: 'required' }),
  named('plain', { details: 'none' }),
  named('elsewhere', {}, { audience: 'https://other.example' }),
  named('denied', { require: 'deny' }),
  named('emptied', { methods: [] }),
  named('vouched', { methods: ['assertion'] }),
  named('codes', { methods: ['totp'] }),
]
const plan = (
  scopes: string[] | undefined,
  {
    method = 'passkey',
    details,
    offered = EVERYTHING,
  }: { method?: Method; offered?: Offered } & TokenRequest = {},
) => planGrant(ACTIONS, offered, method, { requestedScopes: scopes, details })
const refused = (...input: Parameters<typeof plan>) => refusalOf(() => plan(...input))

describe('a grant', () => {
  it('is undefined if no scope is asked for', () => {
    expect(plan(undefined)).toBeUndefined()
    expect(plan([])).toBeUndefined()
  })

  it('refuses details without a scope that they could be bound to', () => {
    expect(refused(undefined, { details: { a: 1 } })).toEqual({
      reason: 'scope_not_allowed',
      message: '`details` need a token to be bound to: send its scope in `requestedScopes`.',
    })
  })

  it('is what the rule of the one scope says', () => {
    expect(plan(['s:list'])).toEqual({
      audience: RESOURCE,
      scopes: ['s:list'],
      singleUse: false,
      lifetimeSeconds: 600,
      freshnessSeconds: 600,
      acr: 'mfa',
      dpop: false,
    })
  })

  it('of several scopes is the strictest of each member', () => {
    expect(plan(['s:list', 's:refund', 's:note'])).toEqual({
      audience: RESOURCE,
      scopes: ['s:list', 's:refund', 's:note'],
      singleUse: true,
      lifetimeSeconds: 60,
      freshnessSeconds: 120,
      acr: 'phr',
      dpop: false,
    })
    expect(plan(['s:note', 's:list'])).toMatchObject({ acr: 'mfa', singleUse: false })
    expect(plan(['s:list', 's:note'])).toMatchObject({ acr: 'mfa' })
  })

  it('names a scope once that was asked for twice', () => {
    expect(plan(['s:list', 's:list'])?.scopes).toEqual(['s:list'])
    expect(plan(['s:pay', 's:pay'], { details: { a: 1 } })?.scopes).toEqual(['s:pay'])
  })

  it('is refused for a scope that nobody knows, naming it', () => {
    expect(refused(['s:list', 's:nothing'])).toEqual({
      reason: 'scope_not_allowed',
      message: 'No action of this environment has the scope s:nothing.',
    })
  })

  it('is for one resource', () => {
    expect(refused(['s:list', 's:elsewhere'])).toEqual({
      reason: 'scope_not_allowed',
      message: 'These scopes are for different resources: ask for one token for each resource.',
    })
    expect(plan(['s:elsewhere'])?.audience).toBe('https://other.example')
  })

  it.each([
    [['s:list', 's:note'], { a: 1 }],
    [['s:list', 's:pay'], undefined],
    [['s:list', 's:pay'], { a: 1 }],
  ])('with details has one scope, so not %j with %j', (scopes, details) => {
    expect(refused(scopes, { details })).toEqual({
      reason: 'scope_not_allowed',
      message: 'A token with details must have exactly one scope.',
    })
  })

  it('needs details where the rule requires them, and takes none where it says none', () => {
    expect(refused(['s:pay']).reason).toBe('details_required')
    expect(refused(['s:plain'], { details: {} })).toEqual({
      reason: 'input_invalid',
      message: 'This action accepts no details: leave out `details`.',
    })
    expect(plan(['s:plain'])).not.toHaveProperty('bound')
  })

  it('is bound to its details under the name of its action', () => {
    expect(plan(['s:pay'], { details: { a: 1 } })?.bound).toMatchObject({
      claim: { a: 1, type: 'pay' },
    })
  })
})

describe('the method of a grant', () => {
  it.each(['s:denied', 's:emptied'])('does not matter where the rule denies: %s', (scope) => {
    expect(refused([scope]).reason).toBe('denied')
  })

  it.each<[scope: string, Method, Offered, good: boolean]>([
    ['s:list', 'totp', EVERYTHING, true],
    ['s:list', 'passkey', EVERYTHING, true],
    ['s:list', 'recovery', EVERYTHING, false],
    ['s:note', 'recovery', EVERYTHING, true],
    ['s:refund', 'totp', EVERYTHING, false],
    ['s:codes', 'passkey', EVERYTHING, false],
    ['s:list', 'assertion', EVERYTHING, false],
    ['s:vouched', 'assertion', EVERYTHING, true],
    ['s:vouched', 'assertion', { ...EVERYTHING, assertion: 'recovery' }, false],
    ['s:vouched', 'assertion', { ...EVERYTHING, assertion: null }, false],
    ['s:vouched', 'passkey', EVERYTHING, false],
  ])('of %s may be %s, where %j is offered: %j', (scope, method, offered, good) => {
    if (good) expect(plan([scope], { method, offered })?.scopes).toEqual([scope])
    else
      expect(refused([scope], { method, offered })).toMatchObject({
        reason: 'method_not_allowed',
        requirement: { scope },
      })
  })

  it('must do for every scope that is asked for', () => {
    expect(refused(['s:list', 's:refund'], { method: 'totp' })).toMatchObject({
      reason: 'method_not_allowed',
      requirement: { scope: 's:refund', acr: 'phr', methods: ['passkey'] },
    })
  })
})
