// TOTP and HOTP with the published values. They are copied from RFC 6238, Appendix B (with the seeds of 20, 32
// and 64 bytes of its reference code), and from RFC 4226, Appendix D (ten values of six digits, whose counters
// are used as time steps).
import { describe, expect, it } from 'vitest'
import {
  describeTotp,
  type TotpParameters,
  totpStepOf,
} from '../../functions/domain/factors/totp.ts'
import vectors from './rfc6238.vectors.json' with { type: 'json' }

const seedOf = (algorithm: TotpParameters['algorithm']): Uint8Array =>
  Uint8Array.from(Buffer.from(vectors.seeds[algorithm].hex, 'hex'))

const table = vectors.totp.map((vector) => ({
  ...vector,
  algorithm: vector.algorithm as TotpParameters['algorithm'],
}))

/** The parameters of the RFC's table, where nothing else is said. */
const parametersOf = (
  algorithm: TotpParameters['algorithm'],
  digits: TotpParameters['digits'] = 8,
): TotpParameters => ({ algorithm, digits, periodSeconds: 30 })

describe('RFC 6238, Appendix B', () => {
  it('has 18 values, six for each hash', () => {
    expect(table).toHaveLength(18)
    expect(new Set(table.map(({ algorithm }) => algorithm))).toEqual(
      new Set(['SHA1', 'SHA256', 'SHA512']),
    )
  })

  it.each(table)(
    'gives $code at $time with $algorithm',
    ({ time, counter, algorithm, code, six_digits }) => {
      const seed = seedOf(algorithm)
      expect(totpStepOf(seed, parametersOf(algorithm), code, time)).toBe(counter)
      expect(totpStepOf(seed, parametersOf(algorithm, 6), six_digits, time)).toBe(counter)
      // A step later it is the step before, two later and one earlier it is nothing.
      expect(totpStepOf(seed, parametersOf(algorithm), code, time + 30)).toBe(counter)
      expect(totpStepOf(seed, parametersOf(algorithm), code, time + 60)).toBeUndefined()
      expect(totpStepOf(seed, parametersOf(algorithm), code, time - 30)).toBeUndefined()
    },
  )

  it.each(table)('gives $code with no other hash than $algorithm', ({ time, algorithm, code }) => {
    for (const other of ['SHA1', 'SHA256', 'SHA512'] as const) {
      if (other === algorithm) continue
      expect(totpStepOf(seedOf(other), parametersOf(other), code, time)).toBeUndefined()
      expect(totpStepOf(seedOf(algorithm), parametersOf(other), code, time)).toBeUndefined()
    }
  })

  it.each(table)(
    'counts $time in steps of the factor’s own length',
    ({ counter, algorithm, code }) => {
      const minute: TotpParameters = { ...parametersOf(algorithm), periodSeconds: 60 }
      expect(totpStepOf(seedOf(algorithm), minute, code, counter * 60)).toBe(counter)
      expect(totpStepOf(seedOf(algorithm), minute, code, counter * 60 + 119)).toBe(counter)
      expect(totpStepOf(seedOf(algorithm), minute, code, counter * 60 + 120)).toBeUndefined()
    },
  )
})

describe('RFC 4226, Appendix D', () => {
  it.each(vectors.hotp_sha1_6_digits.vectors)('gives $code for $counter', ({ counter, code }) => {
    const seed = seedOf('SHA1')
    expect(totpStepOf(seed, parametersOf('SHA1', 6), code, counter * 30)).toBe(counter)
    expect(totpStepOf(seed, parametersOf('SHA1', 6), code, counter * 30 + 29)).toBe(counter)
  })
})

describe('a seed', () => {
  it.each(['SHA1', 'SHA256', 'SHA512'] as const)('of %s is shown in base32 (RFC 4648)', (hash) => {
    const { secret, uri } = describeTotp(seedOf(hash), parametersOf(hash), 'Wallet', 'alice')
    expect(secret).toBe(vectors.seeds[hash].base32)
    expect(new URL(uri).searchParams.get('secret')).toBe(secret)
    expect(Buffer.from(seedOf(hash)).toString('ascii')).toBe(vectors.seeds[hash].ascii)
  })
})
