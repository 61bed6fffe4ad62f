// TOTP and recovery codes: what an authenticator shows, which typed codes are accepted, and the proof of a
// correct one. test/conformance has the published vectors.
import { describe, expect, it } from 'vitest'
import {
  hashRecoveryCode,
  newRecoveryCodes,
  normalizeRecoveryCode,
  recoveryProof,
} from '../../functions/domain/factors/recovery.ts'
import {
  describeTotp,
  newTotpSecret,
  type TotpParameters,
  totpProof,
  totpStepOf,
} from '../../functions/domain/factors/totp.ts'
import { counting, NOW } from '../support/rules.ts'

/** The seed of RFC 6238, Appendix B, whose code of six digits at second 59 is 287082. */
const SECRET = new TextEncoder().encode('12345678901234567890')
const SIX: TotpParameters = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 }

describe('a TOTP secret', () => {
  it.each([
    ['SHA1', 20],
    ['SHA256', 32],
    ['SHA512', 64],
  ] as const)('for %s has %i bytes', (algorithm, bytes) => {
    expect(newTotpSecret(algorithm, counting())).toEqual(counting()(bytes))
  })

  it('is shown in base32, and as an address that says all that an app must know', () => {
    const shown = describeTotp(
      SECRET,
      { algorithm: 'SHA256', digits: 8, periodSeconds: 60 },
      'Wallet',
      'alice',
    )
    expect(shown.secret).toBe('GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ')
    const uri = new URL(shown.uri)
    expect([uri.protocol, uri.host, uri.pathname]).toEqual(['otpauth:', 'totp', '/Wallet:alice'])
    expect(Object.fromEntries(uri.searchParams)).toEqual({
      issuer: 'Wallet',
      secret: shown.secret,
      algorithm: 'SHA256',
      digits: '8',
      period: '60',
    })
  })
})

describe('a TOTP code', () => {
  const step = (code: string, now: number, parameters = SIX) =>
    totpStepOf(SECRET, parameters, code, now)

  it('is good in its own step and in the next one, and neither before nor after', () => {
    const [before, first, last, after] = [29, 30, 89, 90].map((now) => step('287082', now))
    expect({ before, first, last, after }).toEqual({
      before: undefined,
      first: 1,
      last: 1,
      after: undefined,
    })
  })

  it('may be typed with spaces', () => {
    expect(step(' 287 082', 59)).toBe(1)
  })

  it.each(['28708', '2870820', '0287082', '', '287083', '94287082'])('is not %j', (code) => {
    expect(step(code, 59)).toBeUndefined()
  })

  it('has as many digits as the factor says', () => {
    const eight: TotpParameters = { ...SIX, digits: 8 }
    expect([step('94287082', 59, eight), step('287082', 59, eight)]).toEqual([1, undefined])
  })

  it('of sixty seconds counts in steps of sixty', () => {
    expect(step('287082', 119, { ...SIX, periodSeconds: 60 })).toBe(1)
  })

  it('proves mfa by one-time password, and uses up its step for ever', () => {
    expect(totpProof('fac_1', 7, NOW)).toEqual({
      factorId: 'fac_1',
      method: 'totp',
      amr: ['otp'],
      acr: 'mfa',
      authTime: NOW,
      singleUseKeys: [{ key: 'totp:fac_1', ordinal: 7, expiresAt: null }],
    })
  })
})

describe('recovery codes', () => {
  it('are ten, each of 120 bits in six groups of four', () => {
    let drawn = 0
    const codes = newRecoveryCodes((length) => {
      expect(length).toBe(15)
      drawn += 1
      return counting(drawn)(length)
    })
    expect(codes).toHaveLength(10)
    expect(new Set(codes).size).toBe(10)
    expect(codes[0]).toBe('0410-6105-0R3G-G28A-1C60-T3GF')
    for (const code of codes)
      expect(code).toMatch(/^([0-9A-HJKMNP-TV-Z]{4}-){5}[0-9A-HJKMNP-TV-Z]{4}$/)
  })

  it.each([
    ['ABCD-EFGH-JKMN-PQRS-TVWX-Y012', 'ABCDEFGHJKMNPQRSTVWXY012'],
    ['abcd efgh jkmn pqrs tvwx y012', 'ABCDEFGHJKMNPQRSTVWXY012'],
    [' abcdefghjkmnpqrstvwxy012\t\n', 'ABCDEFGHJKMNPQRSTVWXY012'],
    ['OoOo-IiIi-LlLl-0000-1111-2222', '000011111111000011112222'],
  ])('typed as %j are read as %s', (typed, code) => {
    expect(normalizeRecoveryCode(typed)).toBe(code)
  })

  it.each([
    '',
    'ABCD-EFGH-JKMN-PQRS-TVWX-Y01',
    'ABCD-EFGH-JKMN-PQRS-TVWX-Y0123',
    'UBCD-EFGH-JKMN-PQRS-TVWX-Y012',
    'ABCD-EFGH-JKMN-PQRS-TVWX-Y01U',
    'ABCD_EFGH-JKMN-PQRS-TVWX-Y012',
    'ABCD-EFGH-JKMN-PQRS-TVWX-Y01é',
  ])('cannot be %j', (typed) => {
    expect(normalizeRecoveryCode(typed)).toBeUndefined()
  })

  it('are hashed for one user of one environment', () => {
    const hashes = [
      hashRecoveryCode('live', 'alice', 'CODE'),
      hashRecoveryCode('live', 'alice', 'CODF'),
      hashRecoveryCode('live', 'bob', 'CODE'),
      hashRecoveryCode('demo', 'alice', 'CODE'),
      hashRecoveryCode('livea', 'lice', 'CODE'),
    ]
    expect(new Set(hashes).size).toBe(hashes.length)
    // What is stored today must still be found tomorrow.
    expect(hashes[0]).toBe('N1tO8KlwCeJO7ZjYSWTAQ9IegNorsK6LMEEgRQDDy4M')
  })

  it('prove recovery and nothing more', () => {
    expect(recoveryProof(NOW)).toEqual({
      factorId: 'recovery',
      method: 'recovery',
      amr: ['recovery'],
      acr: 'recovery',
      authTime: NOW,
      singleUseKeys: [],
    })
  })
})
