// The examples of RFCs, with the functions of the service and the guard: JWS and JWT (RFC 7515, 7519, 8037),
// thumbprints (RFC 7638), a DPoP proof (RFC 9449) and canonical JSON (RFC 8785). Most of these tokens lack a
// claim that a session needs, and are refused for that reason only, which shows that their signature was
// accepted.
import {
  calculateJwkThumbprint,
  compactVerify,
  createLocalJWKSet,
  EmbeddedJWK,
  type JWK,
  jwtVerify,
} from 'jose'
import { describe, expect, it } from 'vitest'
import { bindDetails as bindAtGuard } from '../../client/resource/details.ts'
import { importKeys, readSigned } from '../../client/resource/jws.ts'
import { FOREIGN_ALGORITHMS } from '../../contract/index.ts'
import { verifyDpop } from '../../contract/shared/dpop.ts'
import { bindDetails } from '../../functions/domain/details/details.ts'
import { Refused } from '../../functions/domain/refusal.ts'
import { resolveSession } from '../../functions/domain/settings/settings.ts'
import { verifySession } from '../../functions/domain/tokens/session.ts'
import { canonical } from '../../functions/domain/tokens/statement.ts'
import { verifyOwnToken } from '../../functions/domain/tokens/token.ts'
import { partsOf } from '../support/jwt.ts'
import jose from './jose.vectors.json' with { type: 'json' }
import jcs from './rfc8785.vectors.json' with { type: 'json' }

const OURS = 'https://countersign.example'
const { claims } = jose
const examples: { id: string; alg: string; key: JWK; token: string }[] = jose.jws
const signedAsSessions = examples.filter(({ alg }) => FOREIGN_ALGORITHMS.some((own) => own === alg))
const allTokens = [...examples, ...jose.never, { id: jose.dpop.id, token: jose.dpop.proof }]
const keysOf = (...keys: JWK[]) => createLocalJWKSet({ keys })

/** What the verification of a session says against a token of the issuer of the RFCs, joe. */
async function refusedAsSession(token: string, key: JWK): Promise<string> {
  const settings = resolveSession({
    issuer: claims.iss,
    keys: { jwks: { keys: [key] } },
    acceptAnyAudience: true,
  })
  const verified = verifySession(token, settings, keysOf(key), claims.exp - 1, OURS)
  const error = await verified.then(
    () => undefined,
    (cause: unknown) => cause,
  )
  if (!(error instanceof Refused)) throw new Error('not refused', { cause: error })
  expect(error.refusal.reason).toBe('unauthenticated')
  return error.message
}

/** The same token with another first character of its signature. */
function spoilt(token: string): string {
  const at = token.lastIndexOf('.') + 1
  return `${token.slice(0, at)}${token[at] === 'A' ? 'B' : 'A'}${token.slice(at + 1)}`
}

describe('RFC 7515, RFC 7519 and RFC 8037', () => {
  it('print three examples with an algorithm that a session may have', () => {
    expect(signedAsSessions.map(({ alg }) => alg)).toEqual(['RS256', 'ES256', 'EdDSA'])
  })

  it.each(signedAsSessions)('accepts the signature of the example $id', async ({ key, token }) => {
    const algorithms = [...FOREIGN_ALGORITHMS]
    const { payload } = await compactVerify(token, keysOf(key), { algorithms })
    expect(payload.length).toBeGreaterThan(0)
    const bent = compactVerify(spoilt(token), keysOf(key), { algorithms })
    await expect(bent).rejects.toMatchObject({ code: 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED' })
  })

  it.each(signedAsSessions.filter(({ alg }) => alg !== 'EdDSA'))(
    'misses nothing but the user in the example $id',
    async ({ key, token }) => {
      expect(partsOf(token).payload).toEqual(claims)
      expect(await refusedAsSession(token, key)).toContain('`sub` does not match')
      expect(await refusedAsSession(spoilt(token), key)).toContain('could not be verified')
    },
  )

  it.each(examples.filter((example) => !signedAsSessions.includes(example)))(
    'refuses the algorithm $alg of the example $id',
    async ({ key, token }) => {
      expect(await refusedAsSession(token, key)).toContain('could not be verified')
    },
  )

  it.each(jose.never)('takes the example $id for no session', async ({ token }) => {
    for (const { key } of examples)
      expect(await refusedAsSession(token, key)).toMatch(
        /not a session token|could not be verified/,
      )
  })

  it.each(allTokens)('takes the example $id for no token of ours', async ({ token }) => {
    for (const { key } of examples) {
      const expectation = { issuer: 'joe', epoch: 0, now: claims.exp - 1 }
      const own = verifyOwnToken(token, { keys: [key] }, expectation)
      await expect(own).rejects.toMatchObject({ refusal: { reason: 'token_invalid' } })
      // None of them names its key, as a token of ours does.
      const atGuard = await importKeys([{ ...key, kid: 'k1' }])
      await expect(readSigned(token, atGuard)).rejects.toBeInstanceOf(Error)
    }
  })
})

describe('RFC 7638', () => {
  it.each(jose.thumbprints)('gives the thumbprint of $id', async ({ key, thumbprint }) => {
    expect(await calculateJwkThumbprint(key as JWK)).toBe(thumbprint)
  })
})

describe('RFC 9449', () => {
  const { proof, jkt, htm, htu, iat } = jose.dpop
  const { header, payload } = partsOf(proof)

  it('prints a proof that the key in its header signed', async () => {
    const verified = await jwtVerify(proof, EmbeddedJWK, { typ: 'dpop+jwt', algorithms: ['ES256'] })
    expect(verified.payload).toMatchObject({ htm, htu, iat })
    await expect(jwtVerify(spoilt(proof), EmbeddedJWK)).rejects.toThrow('signature')
  })

  it('prints the thumbprint of that key', async () => {
    expect(await calculateJwkThumbprint(header.jwk as JWK)).toBe(jkt)
    expect(payload.jti).toBe('-BwC3ESc6acc2lTc')
  })
})

describe('the example of RFC 9449, section 4.1', () => {
  const { proof, jkt, htm, htu, iat } = jose.dpop

  it('verifies at its time, and is too old a minute later', async () => {
    const use = { method: htm, url: htu, jkt, now: iat }
    expect(await verifyDpop(proof, use)).toEqual({ jkt, jti: '-BwC3ESc6acc2lTc', iat })
    expect(await verifyDpop(spoilt(proof), use)).toEqual({ fault: 'jwk' })
    expect(await verifyDpop(proof, { ...use, now: iat + 61 })).toEqual({ fault: 'iat' })
  })
})

describe('RFC 8785', () => {
  const numberOf = (ieee754: string): number => {
    const view = new DataView(new ArrayBuffer(8))
    view.setBigUint64(0, BigInt(`0x${ieee754}`))
    return view.getFloat64(0)
  }
  const finite = jcs.numbers.flatMap(({ ieee754, json }) =>
    json === null ? [] : [{ ieee754, json }],
  )
  const others = jcs.numbers.filter(({ json }) => json === null)

  it('spells the document of section 3.2.2 as section 3.2.4 does, to the byte', () => {
    const spelled = new TextEncoder().encode(canonical(JSON.parse(jcs.document.input)))
    expect(Buffer.from(spelled).toString('hex')).toBe(jcs.document.output_hex)
  })

  it('sorts the members of section 3.2.3 by UTF-16', () => {
    const spelled = canonical(JSON.parse(jcs.sorting.input))
    expect([...spelled.matchAll(/:"([^"]+)"/g)].map(([, value]) => value)).toEqual(
      jcs.sorting.order,
    )
  })

  it.each(finite)('spells the number $ieee754 of appendix B as $json', ({ ieee754, json }) => {
    expect(canonical(numberOf(ieee754))).toBe(json)
  })

  it.each(others)('has no spelling for $ieee754 of appendix B', ({ ieee754 }) => {
    expect(() => canonical(numberOf(ieee754))).toThrow()
  })

  it('binds details to one meaning, whatever the order of their members', () => {
    const details: Record<string, unknown> = JSON.parse(jcs.sorting.input)
    const turned = Object.fromEntries(Object.entries(details).toReversed())
    const [bound, again] = [bindDetails(details, 'a.b'), bindDetails(turned, 'a.b')]
    expect(again.hash).toBe(bound.hash)
    expect(canonical(again.claim)).toBe(canonical(bound.claim))
    expect(bindAtGuard(turned, 'a.b').spelling).toBe(bindAtGuard(details, 'a.b').spelling)
    const other = { ...details, '1': 'Two' }
    expect(bindDetails(other, 'a.b').hash).not.toBe(bound.hash)
    expect(canonical(bindDetails(other, 'a.b').claim)).not.toBe(canonical(bound.claim))
  })

  it.each(jcs.numbers)('has the same numbers in details as the guard: $ieee754', ({ ieee754 }) => {
    const details = { amount: numberOf(ieee754) }
    const { amount } = details
    const ambiguous = Number.isInteger(amount)
      ? !Number.isSafeInteger(amount)
      : !Number.isFinite(amount)
    if (ambiguous) {
      expect(() => bindDetails(details, 'a.b')).toThrow(Refused)
      expect(() => bindAtGuard(details, 'a.b')).toThrow('JSON')
    } else {
      expect(bindDetails(details, 'a.b').claim).toEqual({ amount, type: 'a.b' })
      expect(bindAtGuard(details, 'a.b').spelling).toBe(canonical({ amount, type: 'a.b' }))
    }
  })
})
