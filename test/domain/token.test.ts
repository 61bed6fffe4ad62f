// Countersign's own tokens: which can be verified, and for which use they are valid. Every limit to the second.
import { createLocalJWKSet, jwtVerify } from 'jose'
import { beforeAll, describe, expect, it } from 'vitest'
import type { ElevatedClaims, MfaClaims } from '../../contract/index.ts'
import type { Action } from '../../functions/domain/policy/policy.ts'
import { MFA_TYPE } from '../../functions/domain/tokens/legacy.ts'
import {
  checkUse,
  ELEVATED_TYPE,
  type OwnToken,
  signToken,
  type Terms,
  type Use,
  verifyOwnToken,
} from '../../functions/domain/tokens/token.ts'
import {
  actionBy,
  EVERYTHING,
  ISSUER,
  laterRefusalOf,
  NOW,
  RESOURCE,
  refusalOf,
  signerOf,
} from '../support/rules.ts'

const SHARED: MfaClaims = {
  ...{ iss: ISSUER, sub: 'alice', aud: RESOURCE, client_id: 'app' },
  ...{ jti: 'abcdefghijklmnopqrstuv', iat: NOW, exp: NOW + 300, auth_time: NOW },
  ...{ amr: ['otp'], acr: 'mfa', singleUse: true, epoch: 3 },
}
const ELEVATED: ElevatedClaims = { ...SHARED, scope: 'orders:list orders:refund' }
const LEGACY: MfaClaims = { ...SHARED, aud: ISSUER }

const elevated = (claims: Partial<ElevatedClaims> = {}): OwnToken => ({
  kind: 'elevated',
  claims: { ...ELEVATED, ...claims },
})
const legacy = (claims: Partial<MfaClaims> = {}): OwnToken => ({
  kind: 'mfa',
  claims: { ...LEGACY, ...claims },
})

let signer: Awaited<ReturnType<typeof signerOf>>
let stranger: Awaited<ReturnType<typeof signerOf>>
beforeAll(async () => {
  ;[signer, stranger] = await Promise.all([signerOf(), signerOf()])
})
const expected = { issuer: ISSUER, epoch: 3, now: NOW }
const verify = (token: string, more: Partial<typeof expected> = {}) =>
  verifyOwnToken(token, signer.keySet, { ...expected, ...more })

describe('a signed token', () => {
  it.each<[OwnToken, type: string]>([
    [elevated(), ELEVATED_TYPE],
    [legacy(), MFA_TYPE],
  ])('says by its type what it is, and verifies to the same claims', async (token, type) => {
    const signed = await signToken(token, signer)
    const { protectedHeader } = await jwtVerify(signed, createLocalJWKSet(signer.keySet), {
      currentDate: new Date(NOW * 1000),
    })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: type, kid: 'k1' })
    expect(await verify(signed)).toEqual(token)
  })

  it('is one of the registered types', () => {
    expect([ELEVATED_TYPE, MFA_TYPE]).toEqual(['at+jwt', 'mfa+jwt'])
  })

  it('lives to the last second before its end, and not one longer', async () => {
    const signed = await signToken(elevated(), signer)
    expect(await verify(signed, { now: NOW + 299 })).toMatchObject({ kind: 'elevated' })
    expect(await laterRefusalOf(verify(signed, { now: NOW + 300 }))).toMatchObject({
      reason: 'token_expired',
    })
  })

  it.each([2, 4])('of epoch 3 is revoked in epoch %i', async (epoch) => {
    const signed = await signToken(elevated(), signer)
    expect(await laterRefusalOf(verify(signed, { epoch }))).toMatchObject({
      reason: 'token_revoked',
    })
  })

  it.each<[what: string, () => Promise<string>]>([
    ['another key', () => signToken(elevated(), stranger)],
    ['another issuer', () => signToken(elevated({ iss: `${ISSUER}2` }), signer)],
    ['no type', () => signer.sign({ ...ELEVATED })],
    ['another type', () => signer.sign({ ...ELEVATED }, { typ: 'JWT' })],
    ['the type of the other kind', () => signer.sign({ ...ELEVATED }, { typ: MFA_TYPE })],
    ['no type though it is a legacy one', () => signer.sign({ ...LEGACY })],
    ['another type though it is a legacy one', () => signer.sign({ ...LEGACY }, { typ: 'JWT' })],
    ['no scope though it is elevated', () => signer.sign({ ...SHARED }, { typ: ELEVATED_TYPE })],
    ['a claim that is not known', () => signToken(elevated({ cnf: {} } as object), signer)],
    ['padding around it', async () => `${await signToken(elevated(), signer)}=`],
    ['a space before it', async () => ` ${await signToken(elevated(), signer)}`],
    ['a fourth part', async () => `${await signToken(elevated(), signer)}.x`],
    ['a line after it', async () => `${await signToken(elevated(), signer)}\n`],
  ])('is invalid with %s', async (_what, make) => {
    const { keySet } = signer
    const refused = laterRefusalOf(verifyOwnToken(await make(), keySet, expected))
    expect(await refused).toMatchObject({ reason: 'token_invalid' })
  })

  it.each(['exp', 'iat', 'jti', 'sub'])('is invalid without %s', async (claim) => {
    const { [claim]: _left, ...claims } = { ...ELEVATED } as Record<string, unknown>
    const signed = await signer.sign(claims, { typ: ELEVATED_TYPE })
    expect(await laterRefusalOf(verify(signed))).toMatchObject({ reason: 'token_invalid' })
  })

  it('is invalid when another algorithm signed it, though with a published key', async () => {
    const rsa = await signerOf('k1', 'RS256')
    const signed = await rsa.sign({ ...ELEVATED }, { typ: ELEVATED_TYPE })
    const refused = laterRefusalOf(verifyOwnToken(signed, rsa.keySet, expected))
    expect(await refused).toMatchObject({ reason: 'token_invalid' })
  })
})

const ANY: Action = actionBy()
const TERMS: Terms = { issuer: ISSUER, offered: EVERYTHING, mfaTokens: 'single', now: NOW }
const use = (action: Action, more: Partial<Use> = {}): Use => ({
  action,
  subject: 'alice',
  ...more,
})
const refused = (token: OwnToken, action = ANY, more: Partial<Use> = {}, terms = TERMS) =>
  refusalOf(() => checkUse(token, use(action, more), terms))
const passes = (token: OwnToken, action = ANY, more: Partial<Use> = {}, terms = TERMS) =>
  checkUse(token, use(action, more), terms)

const BOUND = { authorization_details: [{ amount: 5, type: 'order.refund' }] as const }
const bound = elevated(BOUND as never)

describe('the use of an elevated token', () => {
  it('passes for its user, resource and scope', () => {
    expect(() => passes(elevated())).not.toThrow()
  })

  it('is refused to another user, and says so', () => {
    expect(refused(elevated({ sub: 'mallory' }))).toEqual({
      reason: 'token_invalid',
      message: 'This token belongs to another user.',
    })
  })

  it.each<[token: string | undefined, session: string | undefined, good: boolean]>([
    ['s1', 's1', true],
    ['s1', 's2', false],
    ['s1', undefined, true],
    [undefined, 's1', true],
  ])('with the session %j in the token and %j at the resource: %j', (sid, sessionId, good) => {
    const token = elevated(sid === undefined ? {} : { sid })
    const run = () => passes(token, ANY, { sessionId })
    if (good) expect(run).not.toThrow()
    else
      expect(refusalOf(run)).toEqual({
        reason: 'token_invalid',
        message: 'This token belongs to another session of the user.',
      })
  })

  it('is denied where the rule denies meanwhile', () => {
    expect(refused(elevated(), actionBy({ require: 'deny' }))).toMatchObject({ reason: 'denied' })
    expect(refused(elevated(), actionBy({ methods: [] }))).toMatchObject({ reason: 'denied' })
  })

  it('is refused at another resource, and says so', () => {
    expect(refused(elevated({ aud: 'https://other.example' }))).toEqual({
      reason: 'token_invalid',
      message: 'This token is for another resource.',
    })
  })

  it.each(['orders:list', 'orders:refunds', 'xorders:refund', 'orders:refund:all'])(
    'is refused with the scope %s alone, naming the one that is missing',
    (scope) => {
      expect(refused(elevated({ scope }))).toEqual({
        reason: 'scope_not_allowed',
        message: 'This token does not carry the scope orders:refund.',
      })
    },
  )

  it('asks for a step-up where the rule is single-use and the token is not', () => {
    const once = actionBy({ singleUse: true })
    expect(refused(elevated({ singleUse: false }), once)).toMatchObject({
      reason: 'step_up_required',
      requirement: { action: 'order.refund', methods: ['totp', 'passkey'], acr: 'mfa' },
    })
    expect(() => passes(elevated({ singleUse: true }), once)).not.toThrow()
    expect(() => passes(elevated({ singleUse: false }))).not.toThrow()
  })

  it.each([
    ['recovery', 'mfa', false],
    ['mfa', 'mfa', true],
    ['phr', 'mfa', true],
    ['mfa', 'phr', false],
  ] as const)('with acr %s for a rule of %s: %j', (acr, wanted, good) => {
    const run = () => passes(elevated({ acr }), actionBy({ acr: wanted }))
    if (good) expect(run).not.toThrow()
    else
      expect(refusalOf(run)).toMatchObject({
        reason: 'step_up_required',
        requirement: { acr: wanted },
      })
  })

  it('lets a proof be exactly as old as the rule says, and not one second older', () => {
    const action = actionBy({ freshnessSeconds: 120 })
    expect(() => passes(elevated({ auth_time: NOW - 120 }), action)).not.toThrow()
    expect(refused(elevated({ auth_time: NOW - 121 }), action)).toMatchObject({
      reason: 'step_up_required',
      requirement: { freshnessSeconds: 120 },
    })
  })
})

describe('details and an elevated token', () => {
  const required = actionBy({ details: 'required' })

  it('pass where they are the same, in whatever order', () => {
    expect(() => passes(bound, ANY, { details: { amount: 5 } })).not.toThrow()
    expect(() => passes(bound, required, { details: { amount: 5 } })).not.toThrow()
    const two = elevated({
      authorization_details: [{ b: 1, type: 'order.refund', a: 2 }],
    })
    expect(() => passes(two, ANY, { details: { a: 2, b: 1 } })).not.toThrow()
  })

  it.each([[{ amount: 6 }], [{}], [{ amount: 5, more: 1 }], [undefined]])(
    'do not match %j when the token is bound to others',
    (details) => {
      expect(refused(bound, ANY, { details })).toMatchObject({ reason: 'details_mismatch' })
    },
  )

  it('do not match when the token was bound for another action', () => {
    const other = elevated({ authorization_details: [{ amount: 5, type: 'order.list' }] })
    expect(refused(other, ANY, { details: { amount: 5 } })).toMatchObject({
      reason: 'details_mismatch',
    })
  })

  it('are not needed in the token where the rule takes them as it likes', () => {
    expect(() => passes(elevated(), ANY, { details: { amount: 5 } })).not.toThrow()
  })

  it('must be in the token where the rule requires them', () => {
    expect(refused(elevated(), required)).toMatchObject({ reason: 'details_required' })
    expect(refused(elevated(), required, { details: { amount: 5 } })).toMatchObject({
      reason: 'step_up_required',
      requirement: { details: 'required' },
    })
  })
})

describe('the use of a legacy token', () => {
  const accepting = actionBy({ acceptsMfaToken: true })
  const REUSABLE = legacy({ singleUse: false })

  it.each<[mfaTokens: Terms['mfaTokens'], OwnToken, good: boolean]>([
    ['off', legacy(), false],
    ['single', legacy(), true],
    ['single', REUSABLE, false],
    ['session', legacy(), true],
    ['session', REUSABLE, true],
  ])('where the environment says %s', (mfaTokens, token, good) => {
    const run = () => passes(token, accepting, {}, { ...TERMS, mfaTokens })
    if (good) expect(run).not.toThrow()
    else
      expect(refusalOf(run)).toMatchObject({
        reason: 'step_up_required',
        requirement: { scope: 'orders:refund' },
      })
  })

  it('needs a rule that accepts it', () => {
    expect(refused(legacy())).toMatchObject({
      reason: 'step_up_required',
      requirement: { scope: 'orders:refund' },
    })
  })

  it('needs the environment itself as its audience', () => {
    expect(refused(legacy({ aud: RESOURCE }), accepting)).toMatchObject({
      reason: 'token_invalid',
    })
  })

  it('is weighed by level and age as any other', () => {
    expect(refused(legacy({ acr: 'recovery' }), accepting).reason).toBe('step_up_required')
    expect(refused(legacy({ auth_time: NOW - 601 }), accepting).reason).toBe('step_up_required')
    expect(refused(legacy({ sub: 'mallory' }), accepting).reason).toBe('token_invalid')
  })
})
