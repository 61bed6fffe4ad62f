// How two operators' changes of one environment come together.
import { describe, expect, it } from 'vitest'
import { differences, merge } from '../../console/model/diff.ts'
import type { ActionEntry, EnvironmentSettings } from '../../contract/index.ts'

const base: EnvironmentSettings = {
  session: { issuer: 'https://login.example', keys: { jwksUri: 'https://login.example/keys' } },
  rpId: 'app.example',
  rpName: 'App',
  origins: ['https://app.example'],
  audiences: ['https://api.example'],
  actions: [
    { action: 'user.update', base: { acr: 'mfa' } },
    { action: 'order.refund', scope: 'orders:refund', base: { acr: 'mfa' } },
  ],
}

describe('differences', () => {
  it('name what changed as the service does', () => {
    const after = {
      ...base,
      rpName: 'Other',
      actions: [
        { action: 'order.refund', scope: 'orders:refund', base: { acr: 'phr' as const } },
        { action: 'user.update', base: { acr: 'mfa' as const } },
      ],
    }
    expect(differences(base, after)).toEqual([
      { path: 'rpName', before: 'App', after: 'Other', weaker: false },
      { path: 'actions[order.refund].base.acr', before: 'mfa', after: 'phr', weaker: false },
    ])
    expect(differences(base, structuredClone(base))).toEqual([])
  })

  it('name the source of the sign-in and the keys as a whole, as the service does', () => {
    const newest = { from: 'newest', claim: 'amr', member: 'timestamp' } as const
    const minutes = { from: 'minutesAgo', claim: 'fva', index: 0 } as const
    const before = { ...base, session: { ...base.session, authTime: newest } }
    const keys = { jwksUri: 'https://login.example/other' }
    const after = { ...base, session: { ...base.session, keys, authTime: minutes } }
    expect(differences(before, after)).toEqual([
      { path: 'session.keys', before: base.session.keys, after: keys, weaker: false },
      { path: 'session.authTime', before: newest, after: minutes, weaker: false },
    ])
  })

  it('count a built-in action from its defaults, and every case by itself', () => {
    const [first, second] = [
      { when: 'details.amount > 1', acr: 'phr' as const },
      { when: 'details.amount > 2', acr: 'phr' as const },
    ]
    const written = { action: 'wallet.waas.sign', base: { require: 'never' as const } }
    const after = {
      ...base,
      actions: [...(base.actions ?? []), { ...written, stricter: [first, second] }],
    }
    const path = 'actions[wallet.waas.sign]'
    expect(differences(base, after)).toEqual([
      { path: `${path}.base.require`, before: 'whenEnrolled', after: 'never', weaker: false },
      { path: `${path}.stricter`, after: first, weaker: false },
      { path: `${path}.stricter`, after: second, weaker: false },
    ])
  })
})

describe('merging', () => {
  const mine: EnvironmentSettings = {
    ...base,
    rpName: 'Mine',
    actions: [
      { action: 'user.update', base: { acr: 'phr' } },
      { action: 'order.refund', scope: 'orders:refund', base: { acr: 'mfa' } },
      { action: 'payee.add', scope: 'payees:add' },
    ],
  }
  it('keeps what either changed alone', () => {
    const theirs = { ...base, rpId: 'example', actions: base.actions?.slice(0, 1) ?? [] }
    const { settings, clashes } = merge(base, mine, theirs)
    expect(clashes).toEqual([])
    expect(settings).toMatchObject({ rpId: 'example', rpName: 'Mine' })
    expect(settings.actions).toEqual([
      { action: 'user.update', base: { acr: 'phr' } },
      { action: 'payee.add', scope: 'payees:add' },
    ])
  })

  it('tells where both changed the same, and takes theirs only where that was chosen', () => {
    const theirs: EnvironmentSettings = {
      ...base,
      rpName: 'Theirs',
      actions: [
        { action: 'user.update', base: { acr: 'recovery' } },
        ...(base.actions?.slice(1) ?? []),
      ],
    }
    const { settings, clashes } = merge(base, mine, theirs)
    expect(clashes.map(({ path }) => path)).toEqual(['rpName', 'actions[user.update].base.acr'])
    expect(settings.rpName).toBe('Mine')
    expect(merge(base, mine, theirs, new Set(['rpName'])).settings.rpName).toBe('Theirs')
  })

  it('brings the parts of one rule together that each changed alone', () => {
    const rule = (base: ActionEntry['base']): EnvironmentSettings => ({
      session: { issuer: 'https://login.example', keys: { jwksUri: 'https://login.example/keys' } },
      rpId: 'app.example',
      origins: ['https://app.example'],
      audiences: ['https://api.example'],
      actions: base ? [{ action: 'wallet.waas.sign', base }] : [],
    })
    const [before, shorter, stronger] = [
      rule(undefined),
      rule({ lifetimeSeconds: 60, freshnessSeconds: 300 }),
      rule({ require: 'always' }),
    ]
    const { settings, clashes } = merge(before, shorter, stronger)
    expect(clashes).toEqual([])
    expect(settings.actions?.[0]?.base).toMatchObject({ require: 'always', lifetimeSeconds: 60 })
  })
})
