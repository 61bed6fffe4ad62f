// Clauses of the standards in README.md that no other test covers, against the service.

import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { base64urlnopad } from '@scure/base'
import { createLocalJWKSet, jwtVerify } from 'jose'
import { Secret } from 'otpauth'
import { describe, expect, it } from 'vitest'
import { importKeys, readSigned } from '../../client/resource/jws.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { enrollPasskey, finishStepUp, makeDevice, startStepUp } from '../support/ceremonies.ts'
import { restartClockAfterEach, stopClock } from '../support/clock.ts'
import { carrying, guardScene } from '../support/guard.ts'
import { part, partsOf } from '../support/jwt.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  makeSigner,
  now,
  send,
  stepUp,
} from '../support/service.ts'

restartClockAfterEach()

async function minted(details?: Record<string, unknown>) {
  const environment = await makeEnvironment()
  const user = await environment.user({ sid: 'session-1' })
  const { secret } = await enrollTotp(user)
  const { token } = await stepUp(user, secret, ['wallet:sign'], details)
  return { environment, user, token }
}

describe('an elevated token (RFC 9068)', () => {
  it('is a JWT access token with every claim that one must have, and says who signed it', async () => {
    const { environment, user, token } = await minted({ to: '0xabc' })
    const metadata = await send(`/.well-known/oauth-authorization-server/${environment.id}`)
    expect(metadata.headers.get('content-type')).toMatch(/^application\/json/)
    const { issuer, jwks_uri }: { issuer: string; jwks_uri: string } = await metadata.json()
    const keySet = await send(new URL(jwks_uri).pathname)
    const keys = createLocalJWKSet(await keySet.json())
    const { payload, protectedHeader } = await jwtVerify(token, keys, { typ: 'at+jwt', issuer })
    expect(protectedHeader).toEqual({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect(payload).toEqual({
      iss: environment.issuer,
      sub: user.subject,
      aud: AUDIENCE,
      client_id: environment.id,
      sid: 'session-1',
      jti: expect.stringMatching(/^[\w-]{22,}$/),
      iat: expect.any(Number),
      exp: (payload.iat ?? 0) + 300,
      auth_time: payload.iat,
      amr: ['otp'],
      acr: 'mfa',
      scope: 'wallet:sign',
      singleUse: true,
      epoch: 0,
      authorization_details: [{ type: 'wallet.waas.sign', to: '0xabc' }],
    })
  })
})

describe('a step-up challenge (RFC 9470)', () => {
  const parametersOf = (header: string | null): Record<string, string> =>
    Object.fromEntries(
      [...(header ?? '').matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    )

  it('asks for what the token of the step-up then says, in token and introspection', async () => {
    stopClock()
    const at = await guardScene()
    const blocked = await at.check()
    if (blocked.allowed) throw new Error('nothing was asked for')
    const asked = parametersOf(blocked.response.headers.get('www-authenticate'))
    expect(asked).toMatchObject({ error: 'insufficient_user_authentication', scope: 'wallet:sign' })
    const token = await at.earn([asked.scope ?? ''])
    const { payload } = partsOf(token)
    expect(asked.acr_values?.split(' ')).toContain(payload.acr)
    expect(now() - Number(payload.auth_time)).toBeLessThan(Number(asked.max_age))
    const { acr, auth_time } = payload
    const introspected = await at.resource.client.token.introspect.query({ token })
    expect(introspected).toMatchObject({ active: true, acr, auth_time })
    expect(await at.check(token)).toMatchObject({ allowed: true, by: 'token' })
  })

  it('is no challenge where no step-up helps: a token that is not ours is invalid_token', async () => {
    const at = await guardScene()
    const blocked = await at.guard.check({
      action: 'wallet.waas.sign',
      subject: at.user.subject,
      headers: carrying(at.user.bearer()),
    })
    if (blocked.allowed) throw new Error('a session was taken')
    const { error } = parametersOf(blocked.response.headers.get('www-authenticate'))
    expect(error).toBe('invalid_token')
  })
})

describe('revocation (RFC 7009)', () => {
  it('answers for what is no token of the caller as for one, and does nothing', async () => {
    const { environment, user, token } = await minted()
    const elsewhere = await minted()
    const { client } = await environment.resource()
    const bent = `${token.slice(0, token.lastIndexOf('.'))}.${'A'.repeat(86)}`
    for (const shown of ['garbage', user.bearer(), elsewhere.token, bent]) {
      for (const caller of [client, user.client])
        expect(await caller.token.revoke.mutate({ token: shown })).toEqual({ revoked: true })
    }
    for (const [resource, live] of [
      [client, token],
      [(await elsewhere.environment.resource()).client, elsewhere.token],
    ] as const)
      expect(await resource.token.introspect.query({ token: live })).toMatchObject({ active: true })
  })
})

describe('texts in tokens (RFC 8725, 3.7)', () => {
  it('are UTF-8: the guard reads no claims that are not', async () => {
    const { privateKey, publicJwk } = await makeSigner()
    const keys = await importKeys([{ ...publicJwk }])
    const sign = async (payload: Uint8Array) => {
      const signed = `${part({ alg: 'ES256', kid: 'k1' })}.${base64urlnopad.encode(payload)}`
      const algorithm = { name: 'ECDSA', hash: 'SHA-256' }
      const bytes = new TextEncoder().encode(signed)
      const signature = new Uint8Array(await crypto.subtle.sign(algorithm, privateKey, bytes))
      return readSigned(`${signed}.${base64urlnopad.encode(signature)}`, keys)
    }
    const text = new TextEncoder().encode('{"sub":"_"}')
    expect((await sign(text)).payload).toEqual({ sub: '_' })
    const spoilt = text.map((byte) => (byte === '_'.charCodeAt(0) ? 0xff : byte))
    await expect(sign(spoilt)).rejects.toBeInstanceOf(TypeError)
    await expect(sign(Uint8Array.of(0xef, 0xbb, 0xbf, ...text))).rejects.toThrow('JSON')
  })
})

describe('the signature of a passkey (WebAuthn Level 3, 6.5.5)', () => {
  /** The same two integers, their sequence with a length in the long form: BER, and no DER. */
  const inBer = (der: Uint8Array) =>
    base64urlnopad.encode(Uint8Array.of(0x30, 0x81, ...der.slice(1)))

  it('is refused in BER, and opens nothing', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const device = makeDevice({ counting: false })
    await enrollPasskey(user, device)
    const started = await startStepUp(user, ['wallet:sign'])
    const answer = await device.authenticate(started.options)
    const signature = inBer(base64urlnopad.decode(answer.response.signature))
    const respelled = { ...answer, response: { ...answer.response, signature } }
    await expectRefused(finishStepUp(user, started, respelled), 'passkey_rejected')
  })
})

describe('what a database would give away (NIST SP 800-63B-4, 3.1.2.2 and 3.1.4.2)', () => {
  /** Every value of every table of an object, as one text; bytes, and what may be base64url, in hex too. */
  const dump = ({ sql }: DurableObjectStorage): string =>
    sql
      .exec<{ name: string }>(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT GLOB '_cf_*'",
      )
      .toArray()
      .flatMap(({ name }) => sql.exec(`SELECT * FROM ${name}`).toArray())
      .flatMap((row) => Object.values(row))
      .flatMap((value) =>
        value instanceof ArrayBuffer
          ? [Buffer.from(value).toString('hex')]
          : [
              String(value),
              ...String(value)
                .split(/[^\w-]+/)
                .map(hexOf),
            ],
      )
      .join('\n')
  const hexOf = (text: string) => Buffer.from(text, 'base64url').toString('hex')

  it('is neither a secret of codes nor a recovery code, nor a key that signs', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { factorId, secret, recoveryCodes } = await enrollTotp(user)
    const { bytes } = Secret.fromBase32(secret)
    const own = env.SUBJECT.getByName(subjectObjectName(environment.id, user.subject))
    const stored = await runInDurableObject(own, (_object, { storage }) => dump(storage))
    expect(stored).toContain(factorId)
    const raw = Buffer.from(bytes)
    for (const spelling of [secret, raw.toString('hex'), raw.toString('base64url'), raw.join()])
      expect(stored).not.toContain(spelling)
    for (const code of recoveryCodes) {
      expect(stored).not.toContain(code)
      expect(stored).not.toContain(code.replaceAll('-', ''))
    }
    const shared = env.ENVIRONMENT.getByName(environment.id)
    const settings = await runInDurableObject(shared, (_object, { storage }) => dump(storage))
    expect(settings).toContain('"kty":"EC"')
    for (const spelling of ['"d":', Buffer.from('"d":').toString('hex')])
      expect(settings).not.toContain(spelling)
  })
})

describe('the challenge of a passkey (OWASP ASVS 5.0, 6.7.2)', () => {
  it('is 256 bits long and never the same twice', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await enrollPasskey(user, makeDevice())
    const challenges: string[] = []
    for (let i = 0; i < 20; i += 1) challenges.push((await startStepUp(user)).options.challenge)
    for (const challenge of challenges) expect(base64urlnopad.decode(challenge)).toHaveLength(32)
    expect(new Set(challenges).size).toBe(20)
  })
})
