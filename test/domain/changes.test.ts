// Which differences between two settings documents weaken. The table has every member, so that a new member cannot be
// forgotten.
import { describe, expect, it } from 'vitest'
import type {
  ActionEntry,
  ClaimRule,
  EnvironmentSettings,
  Rule,
  RulePart,
} from '../../contract/index.ts'
import { loadConditions } from '../../functions/domain/conditions/condition.ts'
import { resolveActions } from '../../functions/domain/policy/policy.ts'
import { effectiveAction } from '../../functions/domain/policy/strengthen.ts'
import { compareSettings } from '../../functions/domain/settings/changes.ts'
import { resolveSettings } from '../../functions/domain/settings/settings.ts'

const REQUIRED: ClaimRule[] = [{ claim: 'token_use', equals: 'access' }]

const DOCUMENT: EnvironmentSettings = {
  session: {
    issuer: 'https://login.example',
    keys: { jwksUri: 'https://login.example/jwks' },
    audiences: ['app', 'web'],
    algorithms: ['ES256', 'RS256'],
    requiredClaims: REQUIRED,
  },
  rpId: 'app.example',
  origins: ['https://app.example', 'https://www.app.example'],
  audiences: ['https://api.example', 'https://other.example'],
  firstFactor: 'assertion',
  methods: {
    totp: { enabled: true, digits: 8, periodSeconds: 30 },
    passkey: { enabled: true },
    recovery: { enabled: false },
  },
  assertions: { issuer: 'https://b.example', keys: { jwksUri: 'https://b.example/jwks' } },
}

const compare = (before: EnvironmentSettings, after: EnvironmentSettings) =>
  compareSettings(resolveSettings(before), resolveSettings(after))

const { session } = DOCUMENT

describe('a change of settings', () => {
  it.each<[what: string, Partial<EnvironmentSettings>, path: string, weaker: boolean]>([
    ['another name', { name: 'Shop' }, 'name', false],
    [
      'another issuer',
      { session: { ...session, issuer: 'https://x.example' } },
      'session.issuer',
      true,
    ],
    [
      'other keys',
      { session: { ...session, keys: { jwksUri: 'https://x.example/k' } } },
      'session.keys',
      true,
    ],
    [
      'one algorithm more',
      { session: { ...session, algorithms: ['ES256', 'RS256', 'PS256'] } },
      'session.algorithms',
      true,
    ],
    [
      'one algorithm less',
      { session: { ...session, algorithms: ['ES256'] } },
      'session.algorithms',
      false,
    ],
    [
      'one audience more',
      { session: { ...session, audiences: ['app', 'web', 'x'] } },
      'session.audiences',
      true,
    ],
    [
      'one audience less',
      { session: { ...session, audiences: ['app'] } },
      'session.audiences',
      false,
    ],
    [
      'any audience',
      { session: { ...session, acceptAnyAudience: true } },
      'session.acceptAnyAudience',
      true,
    ],
    [
      'another subject claim',
      { session: { ...session, subjectClaim: 'uid' } },
      'session.subjectClaim',
      true,
    ],
    [
      'another time claim',
      { session: { ...session, authTimeClaim: 'iat' } },
      'session.authTimeClaim',
      true,
    ],
    [
      'another claim for the audience',
      { session: { ...session, audienceClaim: 'azp' } },
      'session.audienceClaim',
      true,
    ],
    [
      'one required claim more',
      { session: { ...session, requiredClaims: [...REQUIRED, { claim: 'act', absent: true }] } },
      'session.requiredClaims',
      false,
    ],
    [
      'another value of a required claim',
      { session: { ...session, requiredClaims: [{ claim: 'token_use', equals: 'id' }] } },
      'session.requiredClaims',
      true,
    ],
    [
      'another session claim',
      { session: { ...session, sessionIdClaim: 'session' } },
      'session.sessionIdClaim',
      true,
    ],
    ['a name claim', { session: { ...session, nameClaim: 'name' } }, 'session.nameClaim', false],
    ['another relying party', { rpId: 'example' }, 'rpId', true],
    ['another shown name', { rpName: 'Shop' }, 'rpName', false],
    ['keys for proofs', { senderConstrained: 'dpop' }, 'senderConstrained', false],
    [
      'another hash of codes',
      { methods: { ...DOCUMENT.methods, totp: { digits: 8, algorithm: 'SHA256' } } },
      'methods.totp.algorithm',
      false,
    ],
    [
      'one origin more',
      { origins: [...DOCUMENT.origins, 'https://x.app.example'] },
      'origins',
      true,
    ],
    ['one origin less', { origins: ['https://app.example'] }, 'origins', false],
    ['one resource less', { audiences: ['https://api.example'] }, 'audiences', false],
    ['one resource more', { audiences: [...DOCUMENT.audiences, 'third'] }, 'audiences', false],
    // The first is that of every action which names none.
    ['another first resource', { audiences: DOCUMENT.audiences.toReversed() }, 'audiences', true],
    ['enrollment at onboarding', { enrollment: 'onboarding' }, 'enrollment', false],
    ['a first factor by a fresh session', { firstFactor: 'freshSession' }, 'firstFactor', true],
    [
      'an older first session',
      { firstFactorSessionSeconds: 601 },
      'firstFactorSessionSeconds',
      true,
    ],
    [
      'a younger first session',
      { firstFactorSessionSeconds: 599 },
      'firstFactorSessionSeconds',
      false,
    ],
    ['no legacy tokens', { mfaTokens: 'off' }, 'mfaTokens', false],
    ['reusable legacy tokens', { mfaTokens: 'session' }, 'mfaTokens', true],
    ['no assertions', { assertions: undefined, firstFactor: 'assertion' }, 'assertions', false],
    [
      'stronger assertions',
      { assertions: { ...DOCUMENT.assertions, maxAcr: 'phr' } as never },
      'assertions',
      true,
    ],
    [
      'credentials in the receipts of resources',
      { receipts: { showCredential: true } },
      'receipts.showCredential',
      true,
    ],
    ['a shorter history', { history: { keepDays: 399 } }, 'history.keepDays', true],
    ['a longer history', { history: { keepDays: 401 } }, 'history.keepDays', false],
    [
      'shorter codes',
      { methods: { ...DOCUMENT.methods, totp: { digits: 6 } } },
      'methods.totp.digits',
      true,
    ],
    [
      'slower codes',
      { methods: { ...DOCUMENT.methods, totp: { digits: 8, periodSeconds: 60 } } },
      'methods.totp.periodSeconds',
      true,
    ],
    [
      'no codes',
      { methods: { ...DOCUMENT.methods, totp: { digits: 8, enabled: false } } },
      'methods.totp.enabled',
      false,
    ],
    [
      'no passkeys',
      { methods: { ...DOCUMENT.methods, passkey: { enabled: false } } },
      'methods.passkey.enabled',
      false,
    ],
    [
      'recovery codes',
      { methods: { ...DOCUMENT.methods, recovery: { enabled: true } } },
      'methods.recovery.enabled',
      true,
    ],
  ])('to %s', (_what, change, path, weaker) => {
    const changes = compare(DOCUMENT, { ...DOCUMENT, ...change })
    expect(changes.map((one) => [one.path, one.weaker])).toContainEqual([path, weaker])
    expect(changes.filter((one) => one.path !== path && one.path !== 'rpName')).toEqual([])
  })

  it('to another form of the time weakens, and says which claim it replaces', () => {
    const authTime = { from: 'minutesAgo', claim: 'fva', index: 0 } as const
    expect(compare(DOCUMENT, { ...DOCUMENT, session: { ...session, authTime } })).toEqual([
      { path: 'session.authTimeClaim', before: 'auth_time', weaker: true },
      { path: 'session.authTime', after: authTime, weaker: true },
    ])
  })
})

const BASE: Rule = {
  require: 'whenEnrolled',
  methods: ['totp', 'passkey'],
  acr: 'mfa',
  singleUse: true,
  lifetimeSeconds: 300,
  freshnessSeconds: 300,
  details: 'optional',
  acceptsMfaToken: false,
  dpop: false,
  mode: 'enforce',
}
const entry = (base: RulePart, more: Partial<ActionEntry> = {}): ActionEntry => ({
  action: 'order.refund',
  scope: 'orders:refund',
  base: { ...BASE, ...base },
  ...more,
})
const withActions = (actions: ActionEntry[]) => ({ ...DOCUMENT, actions })

describe('a change back', () => {
  it.each<[what: string, Partial<EnvironmentSettings>, path: string, weaker: boolean]>([
    ['to no proof of keys', { senderConstrained: 'dpop' }, 'senderConstrained', true],
    ['to no nonce', { senderConstrained: 'dpopNonce' }, 'senderConstrained', true],
    ['to a first factor by assertion', { firstFactor: 'freshSession' }, 'firstFactor', false],
    ['to assertions', { assertions: undefined }, 'assertions', true],
    [
      'to named audiences',
      { session: { ...session, acceptAnyAudience: true } },
      'session.acceptAnyAudience',
      false,
    ],
  ])('%s', (_what, change, path, weaker) => {
    const changes = compare({ ...DOCUMENT, ...change }, DOCUMENT)
    expect(changes.map((one) => [one.path, one.weaker])).toContainEqual([path, weaker])
  })

  it('to a list of audiences from none at all believes more', () => {
    const { audiences: _left, ...none } = session
    const before = { ...DOCUMENT, session: { ...none, acceptAnyAudience: true } }
    const after = { ...DOCUMENT, session: { ...session, acceptAnyAudience: true } }
    expect(compare(before, after)).toMatchObject([{ path: 'session.audiences', weaker: true }])
    expect(compare(after, before)).toMatchObject([{ path: 'session.audiences', weaker: false }])
  })
})

describe('a change of a rule', () => {
  it.each<[RulePart, member: keyof Rule, weaker: boolean]>([
    [{ require: 'never' }, 'require', true],
    [{ require: 'always' }, 'require', false],
    [{ require: 'deny' }, 'require', false],
    [{ methods: ['totp', 'passkey', 'recovery'] }, 'methods', true],
    [{ methods: ['passkey'] }, 'methods', false],
    [{ acr: 'recovery' }, 'acr', true],
    [{ acr: 'phr' }, 'acr', false],
    [{ singleUse: false }, 'singleUse', true],
    [{ lifetimeSeconds: 301 }, 'lifetimeSeconds', true],
    [{ lifetimeSeconds: 299 }, 'lifetimeSeconds', false],
    [{ freshnessSeconds: 301 }, 'freshnessSeconds', true],
    [{ freshnessSeconds: 299 }, 'freshnessSeconds', false],
    [{ details: 'none' }, 'details', true],
    [{ details: 'required' }, 'details', false],
    [{ acceptsMfaToken: true }, 'acceptsMfaToken', true],
    [{ dpop: true }, 'dpop', false],
    [{ mode: 'observe' }, 'mode', true],
  ])('to %j', (part, member, weaker) => {
    const changes = compare(withActions([entry({})]), withActions([entry(part)]))
    expect(changes).toEqual([
      {
        path: `actions[order.refund].base.${member}`,
        before: BASE[member],
        after: part[member],
        weaker,
      },
    ])
    // And back again it is the other way about, but for what may be either.
    const [back] = compare(withActions([entry(part)]), withActions([entry({})]))
    expect(back?.weaker).toBe(!weaker)
  })

  it('is one difference where an action comes or goes: what guarded something no longer does', () => {
    const [came] = compare(withActions([]), withActions([entry({})]))
    expect(came).toMatchObject({ path: 'actions[order.refund]', weaker: false })
    expect(came).not.toHaveProperty('before')
    const [gone] = compare(withActions([entry({})]), withActions([]))
    expect(gone).toMatchObject({ path: 'actions[order.refund]', weaker: true })
    expect(gone).not.toHaveProperty('after')
  })

  it('is told of the action that it is made to, among several', () => {
    const view: ActionEntry = { action: 'order.view', scope: 'orders:view', base: BASE }
    const changed = { ...view, base: { ...BASE, acr: 'phr' as const } }
    const [before, after] = [withActions([entry({}), view]), withActions([entry({}), changed])]
    expect(compare(before, after)).toEqual([
      { path: 'actions[order.view].base.acr', before: 'mfa', after: 'phr', weaker: false },
    ])
  })

  it('of a built-in action is compared with its default where it was not written', () => {
    const strong = { action: 'wallet.waas.sign', base: { acr: 'phr' as const } }
    expect(compare(withActions([]), withActions([strong]))).toMatchObject([
      { path: 'actions[wallet.waas.sign].base.acr', before: 'mfa', after: 'phr', weaker: false },
      // A legacy token is never good where a passkey is asked for.
      { path: 'actions[wallet.waas.sign].base.acceptsMfaToken', weaker: false },
    ])
    expect(compare(withActions([strong]), withActions([]))).toMatchObject([
      { path: 'actions[wallet.waas.sign].base.acr', weaker: true },
      { path: 'actions[wallet.waas.sign].base.acceptsMfaToken', weaker: true },
    ])
  })

  it('to another scope weakens: what is asked for by the old one is judged by whatever has it then', () => {
    const view: ActionEntry = {
      action: 'order.view',
      scope: 'orders:view',
      base: { require: 'never' },
    }
    const swapped = [entry({}, { scope: 'orders:view' }), { ...view, scope: 'orders:refund' }]
    expect(compare(withActions([entry({}), view]), withActions(swapped))).toMatchObject([
      { path: 'actions[order.refund].scope', weaker: true },
      { path: 'actions[order.view].scope', weaker: true },
    ])
  })

  it('to another resource weakens: its own has no such rule then', () => {
    const elsewhere = entry({}, { audience: 'https://other.example' })
    expect(compare(withActions([entry({})]), withActions([elsewhere]))).toMatchObject([
      { path: 'actions[order.refund].audience', weaker: true },
    ])
  })

  it('that takes a condition away, or says it otherwise, weakens; a further one does not', () => {
    const over = (amount: number) => ({ when: `details.amount > ${amount}`, acr: 'phr' as const })
    const at = (stricter: ActionEntry['stricter']) =>
      withActions([entry({ details: 'required' }, { stricter })])
    const weaker = (before: EnvironmentSettings, after: EnvironmentSettings) =>
      compare(before, after).map((one) => one.weaker)
    expect(weaker(at([over(100)]), at([]))).toEqual([true])
    expect(compare(at([over(100)]), at([over(1000)]))).toEqual([
      { path: 'actions[order.refund].stricter', before: over(100), weaker: true },
      { path: 'actions[order.refund].stricter', after: over(1000), weaker: false },
    ])
    expect(weaker(at([over(100)]), at([over(1000)]))).toEqual([true, false])
    expect(weaker(at([over(100)]), at([over(100), over(1000)]))).toEqual([false])
    expect(weaker(at([over(100), over(1000)]), at([over(1000), over(100)]))).toEqual([])
  })

  it('that takes the form of the details away, or changes it, weakens', () => {
    const schema = (type: string) => ({ detailsSchema: { type } })
    const weaker = (before: object, after: object) =>
      compare(withActions([entry({}, before)]), withActions([entry({}, after)])).map(
        (one) => one.weaker,
      )
    expect(weaker(schema('object'), {})).toEqual([true])
    expect(weaker({}, schema('object'))).toEqual([false])
  })

  it('that first says the form of the details weakens where a condition reads them: it may not fail any more', async () => {
    const stricter = [{ when: 'details.amount / 1000 >= 1', acr: 'phr' as const }]
    const detailsSchema = { type: 'object', properties: { amount: { type: 'integer' } } }
    const [before, after] = [entry({}, { stricter }), entry({}, { stricter, detailsSchema })]
    const conditions = await loadConditions()
    const acrOf = (one: ActionEntry) => {
      const subject = { enrolled: true, totp: true, passkey: false, recovery: false }
      const facts = { details: { amount: 500 }, subject, request: { time: 0 } }
      const [action] = resolveActions([one], '', '').slice(-1)
      return action && effectiveAction(action, facts, conditions).action.rule.acr
    }
    expect([acrOf(before), acrOf(after)]).toEqual(['phr', 'mfa'])
    expect(compare(withActions([before]), withActions([after]))).toMatchObject([
      { path: 'actions[order.refund].detailsSchema', weaker: true },
    ])
  })
})
