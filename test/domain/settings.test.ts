// A settings document: its defaults, and what it must not contain, each with the message for an operator.
import { describe, expect, it } from 'vitest'
import type { ActionEntry, EnvironmentSettings, RulePart } from '../../contract/index.ts'
import { withDefaults } from '../../functions/domain/settings/defaults.ts'
import {
  checkSession,
  checkSettings,
  checkVersion,
  isLoopback,
  offeredBy,
  resolveSettings,
} from '../../functions/domain/settings/settings.ts'
import { laterRefusalOf, refusalOf } from '../support/rules.ts'

const OWN = 'https://countersign.example'
const LIVE = { publicUrl: OWN, development: false }
const LOCAL = { publicUrl: 'http://localhost:8787', development: true }
const KEYS = { jwksUri: 'https://login.example/jwks' }
const DOCUMENT: EnvironmentSettings = {
  session: { issuer: 'https://login.example', keys: KEYS, audiences: ['app'] },
  rpId: 'app.example',
  origins: ['https://app.example'],
  audiences: ['https://api.example'],
}
const checked = (more: Partial<EnvironmentSettings> = {}, place = LIVE) =>
  checkSettings({ ...DOCUMENT, ...more }, place)
async function told(more: Partial<EnvironmentSettings>, place = LIVE): Promise<string> {
  const { reason, message } = await laterRefusalOf(checked(more, place))
  expect(reason).toBe('input_invalid')
  return message
}
const passes = async (more: Partial<EnvironmentSettings>, place = LIVE) =>
  expect(await checked(more, place)).toBeUndefined()

describe('a settings document that says only what it must', () => {
  it('has a default for all the rest', () => {
    const { actions, ...resolved } = resolveSettings(DOCUMENT)
    expect(actions).toEqual([])
    expect(resolved).toEqual({
      ...DOCUMENT,
      name: 'Countersign',
      session: {
        ...DOCUMENT.session,
        algorithms: ['ES256', 'ES384', 'RS256', 'PS256', 'EdDSA'],
        acceptAnyAudience: false,
        subjectClaim: 'sub',
        sessionIdClaim: 'sid',
        authTimeClaim: 'auth_time',
      },
      rpName: 'Countersign',
      enrollment: 'action',
      firstFactor: 'freshSession',
      firstFactorSessionSeconds: 600,
      methods: {
        totp: { enabled: true, algorithm: 'SHA1', digits: 6, periodSeconds: 30 },
        passkey: { enabled: true },
        recovery: { enabled: true },
      },
      mfaTokens: 'single',
      senderConstrained: 'none',
      assertions: undefined,
      receipts: { showCredential: false },
      history: { keepDays: 400 },
    })
  })

  it('offers every method but assertions', () => {
    expect(offeredBy(resolveSettings(DOCUMENT))).toEqual({
      totp: true,
      passkey: true,
      recovery: true,
      assertion: null,
    })
  })

  it('is good', async () => {
    await passes({})
  })
})

describe('a settings document', () => {
  const FULL: EnvironmentSettings = {
    ...DOCUMENT,
    name: 'Shop',
    session: {
      ...DOCUMENT.session,
      algorithms: ['RS256'],
      acceptAnyAudience: true,
      subjectClaim: 'uid',
      sessionIdClaim: 'session',
      authTimeClaim: 'at',
    },
    rpName: 'The shop',
    enrollment: 'none',
    firstFactor: 'assertion',
    firstFactorSessionSeconds: 60,
    methods: {
      totp: { enabled: false, algorithm: 'SHA512', digits: 8, periodSeconds: 60 },
      passkey: { enabled: false },
      recovery: { enabled: false },
    },
    mfaTokens: 'off',
    senderConstrained: 'none',
    assertions: { issuer: 'https://backend.example', keys: KEYS, maxAcr: 'phr' },
    receipts: { showCredential: true },
    history: { keepDays: 30 },
    actions: [{ action: 'order.refund', scope: 'orders:refund', base: { require: 'always' } }],
  }

  it('keeps whatever it says', () => {
    const { actions, ...rest } = resolveSettings(FULL)
    const { actions: _written, ...said } = FULL
    expect(rest).toEqual(said)
    expect(actions).toMatchObject([
      { action: 'order.refund', scope: 'orders:refund', base: { require: 'always', acr: 'mfa' } },
    ])
    expect(offeredBy(resolveSettings(FULL))).toEqual({
      totp: false,
      passkey: false,
      recovery: false,
      assertion: 'phr',
    })
  })

  it('names its relying party after itself, and lets assertions reach mfa', () => {
    const assertions = { issuer: 'https://backend.example', keys: KEYS }
    const resolved = resolveSettings({ ...DOCUMENT, name: 'Shop', assertions })
    expect(resolved.rpName).toBe('Shop')
    expect(resolved.assertions).toEqual({ ...assertions, maxAcr: 'mfa' })
  })

  it('may say all of it', async () => {
    await passes(FULL)
  })
})

const session = (more: Partial<EnvironmentSettings['session']>) => ({
  session: { ...DOCUMENT.session, ...more },
})

describe('whose sessions are believed', () => {
  it.each([OWN, `${OWN}/`, `${OWN}/live`])('is not %s, which is our own', async (issuer) => {
    expect(await told(session({ issuer }))).toBe(
      "`session.issuer` is Countersign's own address, but must be another issuer.",
    )
  })

  it('may have a name that only begins like ours', async () => {
    await passes(session({ issuer: `${OWN}.org` }))
  })

  it('needs audiences, or to take any', async () => {
    const { audiences: _left, ...none } = DOCUMENT.session
    expect(await told({ session: none })).toBe(
      '`session` needs `audiences`, or `acceptAnyAudience: true` if its tokens have no `aud`.',
    )
    await passes({ session: { ...none, acceptAnyAudience: true } })
  })

  it.each(['email', 'phone_number', 'preferred_username'])(
    'is not told by %s, which can pass to somebody else',
    async (subjectClaim) => {
      expect(await told(session({ subjectClaim }))).toBe(
        `\`session.subjectClaim\` may not be ${subjectClaim}: it can pass from one person to another.`,
      )
    },
  )

  it('may be told by a claim of their own', async () => {
    await passes(session({ subjectClaim: 'uid' }))
  })

  it('is checked by itself too', () => {
    const own = { ...DOCUMENT.session, issuer: OWN }
    expect(refusalOf(() => checkSession(own, LIVE)).reason).toBe('input_invalid')
    expect(() => checkSession(DOCUMENT.session, LIVE)).not.toThrow()
  })
})

const EC = { kty: 'EC', crv: 'P-256', x: 'x', y: 'y' }

describe('the keys of somebody else', () => {
  const SENTENCE = (where: string) =>
    `\`${where}.jwksUri\` must be an https address (in development also http on loopback).`

  it.each([
    'http://login.example/jwks',
    'http://localhost/jwks',
    'ftp://login.example/jwks',
    'login.example/jwks',
    'https://user@login.example/jwks',
    'https://:word@login.example/jwks',
  ])('are not fetched from %s', async (jwksUri) => {
    expect(await told(session({ keys: { jwksUri } }))).toBe(SENTENCE('session.keys'))
    const assertions = { issuer: 'https://backend.example', keys: { jwksUri } }
    expect(await told({ assertions })).toBe(SENTENCE('assertions.keys'))
  })

  it.each([
    ['http://localhost:1/jwks', true],
    ['http://127.0.0.1/jwks', true],
    ['http://[::1]/jwks', true],
    ['https://login.example/jwks', true],
    ['http://login.example/jwks', false],
    ['ftp://localhost/jwks', false],
    ['http://user@localhost/jwks', false],
  ])('in development are fetched from %s: %j', async (jwksUri, good) => {
    const keys = session({ keys: { jwksUri } })
    if (good) await passes(keys, LOCAL)
    else expect(await told(keys, LOCAL)).toBe(SENTENCE('session.keys'))
  })

  it.each([
    [{ kty: 'oct', k: 'x' }],
    [{ kty: 'oct' }],
    [{}],
    [{ kty: 7 }],
    [{ ...EC, d: 'x' }],
    [{ ...EC, k: 'x' }],
    [{ kty: 'RSA', n: 'n', e: 'e', p: 'x' }],
    [{ kty: 'RSA', n: 'n', e: 'e', q: 'x' }],
  ])('are public ones, not %j', async (key) => {
    expect(await told(session({ keys: { jwks: { keys: [EC, key] } } }))).toBe(
      '`session.keys.jwks` must contain only public keys.',
    )
  })

  it('may be in the document', async () => {
    await passes(session({ keys: { jwks: { keys: [EC, { kty: 'RSA', n: 'n', e: 'e' }] } } }))
  })
})

describe('loopback', () => {
  it.each([
    ['http://localhost', true],
    ['http://127.0.0.1:8', true],
    ['http://[::1]:8', true],
    ['http://localhost.example', false],
    ['http://127.0.0.2', false],
  ])('is %s: %j', (url, loopback) => {
    expect(isLoopback(new URL(url))).toBe(loopback)
  })
})

describe('an origin', () => {
  it.each<[origin: string, sentence: string]>([
    ['nowhere', '`origins`: nowhere is not an origin, like https://app.example.'],
    [
      'https://app.example/',
      '`origins`: https://app.example/ is not an origin, like https://app.example.',
    ],
    [
      'https://app.example:443',
      '`origins`: https://app.example:443 is not an origin, like https://app.example.',
    ],
    [
      'http://app.example',
      '`origins`: http://app.example must be https (in development also http on loopback).',
    ],
    [
      'https://other.example',
      '`origins`: passkeys do not work on https://other.example, because its host is not `rpId` app.example or a subdomain of it.',
    ],
    [
      'https://notapp.example',
      '`origins`: passkeys do not work on https://notapp.example, because its host is not `rpId` app.example or a subdomain of it.',
    ],
  ])('is not %s', async (origin, sentence) => {
    expect(await told({ origins: ['https://app.example', origin] })).toBe(sentence)
  })

  it('may be below the relying party', async () => {
    await passes({ origins: ['https://www.app.example', 'https://app.example:8443'] })
  })

  it.each([
    ['http://localhost:3000', 'localhost', true],
    ['http://shop.localhost:3000', 'localhost', true],
    ['http://app.example', 'app.example', false],
  ])('in development may be %s on %s: %j', async (origin, rpId, good) => {
    const more = { origins: [origin], rpId }
    expect(await told(more)).toContain('must be https')
    if (good) await passes(more, LOCAL)
    else expect(await told(more, LOCAL)).toContain('must be https')
  })
})

describe('the parts of a document together', () => {
  it.each(['none', 'dpop', 'dpopNonce'] as const)(
    'may ask for tokens that are bound to a key: %s',
    async (senderConstrained) => passes({ senderConstrained }),
  )

  it('let nobody assert in our own name', async () => {
    expect(await told({ assertions: { issuer: `${OWN}/live`, keys: KEYS } })).toBe(
      "`assertions.issuer` is Countersign's own address, but must be another issuer.",
    )
  })

  it('name no resource that is our own address', async () => {
    expect(await told({ audiences: ['https://api.example', `${OWN}/live`] })).toBe(
      `\`audiences\`: ${OWN}/live is Countersign's own address.`,
    )
  })

  it('need somebody who asserts where the first factor does', async () => {
    expect(await told({ firstFactor: 'assertion' })).toBe(
      '`firstFactor: assertion` needs `assertions`: without them no user can enroll.',
    )
    await passes({ firstFactor: 'freshSession' })
  })

  it('are changed from the version that is there', () => {
    expect(() => checkVersion(3, 3)).not.toThrow()
    expect(refusalOf(() => checkVersion(3, 2))).toEqual({
      reason: 'conflict',
      message: 'The settings are at version 3 now: read them again, then apply your change.',
    })
  })
})

describe('an action', () => {
  const actions = (...entries: ActionEntry[]) => ({ actions: entries })
  const REFUND: ActionEntry = { action: 'order.refund', scope: 'orders:refund' }

  it.each<[entry: ActionEntry, sentence: string]>([
    [
      { action: 'wallet.waas.sign', scope: 'wallet:other' },
      '`wallet.waas.sign`: the scope of this built-in action must be wallet:sign.',
    ],
    [{ action: 'order.refund' }, '`order.refund` needs a `scope`.'],
    ...(['credential.x', 'operator.x', 'operator:x'] as const).map(
      (action): [ActionEntry, string] => [
        { action, scope: 'a:b' },
        `\`${action}\`: names that begin with credential or operator are reserved.`,
      ],
    ),
    ...(['credential:x', 'operator:x', 'operator.x'] as const).map(
      (scope): [ActionEntry, string] => [
        { action: 'order.refund', scope },
        '`order.refund`: names that begin with credential or operator are reserved.',
      ],
    ),
    [
      { action: 'credential.link', audience: 'https://api.example' },
      '`credential.link`: its tokens are for Countersign itself, so remove `audience`.',
    ],
    [
      { ...REFUND, audience: 'https://other.example' },
      '`order.refund`: its audience https://other.example is not one of `audiences`.',
    ],
    [
      { ...REFUND, base: { methods: ['totp', 'totp'] } },
      '`order.refund`: a method is listed twice.',
    ],
    [
      { ...REFUND, stricter: [{ when: 'true', methods: ['passkey', 'totp', 'passkey'] }] },
      '`order.refund`: a method is listed twice.',
    ],
  ])('is not %j', async (entry, sentence) => {
    expect(await told(actions(entry))).toBe(sentence)
  })

  it.each<[entry: ActionEntry]>([
    [{ action: 'wallet.waas.sign', scope: 'wallet:sign' }],
    [{ action: 'wallet.waas.sign', base: { require: 'never' } }],
    [{ ...REFUND, audience: 'https://api.example' }],
    [{ action: 'order.credential.x', scope: 'orders:operator.x' }],
    [{ action: 'credentials', scope: 'operators' }],
    [{ ...REFUND, base: { methods: ['totp', 'passkey'] } }],
    [{ ...REFUND, stricter: [{ when: 'subject.enrolled', acr: 'phr' }] }],
  ])('may be %j', async (entry) => {
    await passes(actions(entry))
  })

  it('stands there once, and shares no scope', async () => {
    const conflict = async (...entries: ActionEntry[]) => {
      const { reason, message } = await laterRefusalOf(checked(actions(...entries)))
      expect(reason).toBe('conflict')
      return message
    }
    expect(await conflict(REFUND, { ...REFUND, scope: 'other' })).toBe(
      '`order.refund` is listed twice in `actions`.',
    )
    expect(await conflict(REFUND, { ...REFUND, action: 'order.return' })).toBe(
      'The scope orders:refund belongs to `order.refund` and cannot belong to `order.return` too.',
    )
    expect(await conflict({ action: 'order.refund', scope: 'wallet:sign' })).toBe(
      'The scope wallet:sign belongs to `wallet.waas.sign` and cannot belong to `order.refund` too.',
    )
    await passes(actions(REFUND, { action: 'wallet.waas.sign', scope: 'wallet:sign' }))
  })

  it('has conditions that can be read', async () => {
    expect(await told(actions({ ...REFUND, stricter: [{ when: 'nobody > 1' }] }))).toContain(
      '`order.refund`, condition 1',
    )
  })
})

describe('an action that guards the factors themselves', () => {
  const entry = (base: RulePart, action = 'credential.link') => ({ actions: [{ action, base }] })

  it.each<[base: RulePart, what: string]>([
    [{ require: 'never' }, 'its `require` must be at least whenEnrolled'],
    [{ mode: 'observe' }, 'its `mode` must be enforce'],
    [{ singleUse: false }, 'its `singleUse` must be true'],
    [{ lifetimeSeconds: 301, freshnessSeconds: 300 }, 'its `lifetimeSeconds` must be at most 300'],
    [{ freshnessSeconds: 301 }, 'its `freshnessSeconds` must be at most 300'],
    [{ acceptsMfaToken: true }, 'its `acceptsMfaToken` must be false'],
    [{ methods: ['totp', 'assertion'] }, 'its `methods` must not include assertion'],
    [{ details: 'required' }, 'its `details` must not be required'],
  ])('is not weakened by %j', async (base, what) => {
    for (const action of ['credential.link', 'credential.update', 'credential.unlink']) {
      expect(await told(entry(base, action))).toBe(`\`${action}\` changes factors, so ${what}.`)
    }
  })

  it('asks at least for mfa where it changes them', async () => {
    expect(await told(entry({ acr: 'recovery' }, 'credential.update'))).toBe(
      '`credential.update` changes factors, so its `acr` must be at least mfa.',
    )
    await passes(entry({ acr: 'mfa' }, 'credential.update'))
    await passes(entry({ acr: 'recovery' }, 'credential.unlink'))
  })

  it.each<[base: RulePart]>([
    [{ require: 'always' }],
    [{ require: 'deny' }],
    [{ acr: 'phr', methods: ['passkey'] }],
    [{ lifetimeSeconds: 300, freshnessSeconds: 300 }],
    [{ lifetimeSeconds: 10 }],
    [{ acceptsMfaToken: false }],
  ])('may be strengthened by %j', async (base) => {
    await passes(entry(base))
  })

  it('may have conditions, which only strengthen', async () => {
    const stricter = [{ when: 'subject.enrolled', require: 'always' as const }]
    await passes({ actions: [{ action: 'credential.link', stricter }] })
  })
})

describe('the details of an action with a schema', () => {
  const refund = { action: 'order.refund', scope: 'orders:refund' }
  const detailsSchema = { type: 'object' }
  const ruleOfSaved = (entry: ActionEntry, stored?: ActionEntry[]) =>
    withDefaults({ ...DOCUMENT, actions: [entry] }, stored && { ...DOCUMENT, actions: stored })
      .actions?.[0]?.base?.details

  it('are required when the action is new, unless its rule says something else', () => {
    expect(ruleOfSaved({ ...refund, detailsSchema })).toBe('required')
    expect(ruleOfSaved({ ...refund, detailsSchema }, [])).toBe('required')
    expect(ruleOfSaved({ ...refund, detailsSchema, base: { details: 'optional' } })).toBe(
      'optional',
    )
    expect(ruleOfSaved(refund)).toBeUndefined()
  })

  it('stay as they are for an action that is stored, and for a built-in one', () => {
    const entry = { ...refund, detailsSchema }
    expect(ruleOfSaved(entry, [entry])).toBeUndefined()
    expect(ruleOfSaved(entry, [{ ...refund, base: { singleUse: true } }])).toBeUndefined()
    expect(ruleOfSaved({ action: 'wallet.waas.sign', detailsSchema })).toBeUndefined()
  })
})
