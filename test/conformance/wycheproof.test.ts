// Runs the test sets of Project Wycheproof in wycheproof/: signatures and keys that broke verifiers before. The
// tables below list where our results differ and why that is safe. Any other difference or a missing set fails.
import { base64urlnopad } from '@scure/base'
import { verifySignature } from '@simplewebauthn/server/helpers'
import { compactVerify, createLocalJWKSet, type JWK } from 'jose'
import { describe, expect, it } from 'vitest'
import { importKeys, isCompact, readSigned } from '../../client/resource/jws.ts'
import { FOREIGN_ALGORITHMS } from '../../contract/index.ts'
import { Refused } from '../../functions/domain/refusal.ts'
import { resolveSession } from '../../functions/domain/settings/settings.ts'
import { verifySession } from '../../functions/domain/tokens/session.ts'
import { verifyOwnToken } from '../../functions/domain/tokens/token.ts'

declare global {
  interface ImportMeta {
    /** Vite's: the modules of a folder, by their path, or the text of its files. */
    glob(
      pattern: string,
      how: { import: 'default'; query?: '?raw' },
    ): Record<string, () => Promise<unknown>>
  }
}

interface Vector {
  tcId: number
  comment: string
  result: 'valid' | 'invalid' | 'acceptable'
  flags: string[]
}
type JwsVector = Vector & { jws: string }
type SignatureVector = Vector & { msg: string; sig: string }
type Bytes = Uint8Array<ArrayBuffer>
type Keyed = JWK & { keys?: JWK[] }
interface Group<V> {
  comment: string
  tests: V[]
  public?: Keyed
  private?: Keyed
  publicKey: Record<'uncompressed' | 'pk' | 'modulus' | 'publicExponent', string>
}

const files = import.meta.glob('./wycheproof/*_test.json', { import: 'default' })
async function groupsOf<V>(name: string): Promise<Group<V>[]> {
  const load = files[`./wycheproof/${name}_test.json`]
  if (!load) throw new Error(`test/conformance/wycheproof holds no set ${name}`)
  const { testGroups } = (await load()) as { testGroups: Group<V>[] }
  return testGroups
}

/** A modulus that is weak by the way it was made (ROCA): whose keys are believed, an operator says. */
const WEAK_KEY = 7
/** `key_ops` without `verify`: the guard looks at `use` alone, in the key set of its one issuer, ours. */
const KEY_OPERATIONS = 356

const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'))
const keysOf = (group: Group<unknown>): JWK[] => {
  const document = group.public ?? group.private ?? {}
  return document.keys ?? [document]
}
const isForeign = (alg: unknown) => FOREIGN_ALGORITHMS.some((own) => own === alg)
const algorithmOf = (token: string): unknown => {
  try {
    const [header = ''] = token.split('.')
    return JSON.parse(new TextDecoder().decode(base64urlnopad.decode(header))).alg
  } catch {
    return undefined
  }
}
const reasonOf = (run: Promise<unknown>): Promise<unknown> =>
  run.then(
    () => undefined,
    (cause: unknown) => (cause instanceof Refused ? cause.refusal.reason : cause),
  )

/** Whether a signature holds, by the call that sessions are verified with, and the same algorithms. */
const holds = (token: string, keys: JWK[]) =>
  compactVerify(token, createLocalJWKSet({ keys }), { algorithms: [...FOREIGN_ALGORITHMS] }).then(
    () => true,
    () => false,
  )

describe.each(['json_web_signature', 'json_web_key'])('%s', (name) => {
  it('holds where its algorithm may sign a session, else never', async () => {
    const wrong: unknown[] = []
    let held = 0
    for (const group of await groupsOf<JwsVector>(name)) {
      for (const { tcId, comment, jws, result } of group.tests) {
        const ours = result === 'valid' && isForeign(algorithmOf(jws))
        const expected = ours || (name === 'json_web_key' && tcId === WEAK_KEY)
        const is = await holds(jws, keysOf(group))
        if (is !== expected) wrong.push({ tcId, comment, result, is })
        if (is) held += 1
      }
    }
    expect(wrong).toEqual([])
    expect(held).toBeGreaterThan(name === 'json_web_key' ? 1 : 10)
  })

  it('makes no session and no token of ours, whatever it is', async () => {
    const settings = resolveSession({
      issuer: 'joe',
      keys: { jwks: { keys: [] } },
      acceptAnyAudience: true,
    })
    for (const group of await groupsOf<JwsVector>(name)) {
      const keys = keysOf(group)
      for (const { tcId, jws } of group.tests) {
        const session = verifySession(
          jws,
          settings,
          createLocalJWKSet({ keys }),
          0,
          'https://c.test',
        )
        expect(await reasonOf(session), String(tcId)).toBe('unauthenticated')
        const own = verifyOwnToken(jws, { keys }, { issuer: 'joe', epoch: 0, now: 0 })
        expect(await reasonOf(own), String(tcId)).toBe('token_invalid')
      }
    }
  })

  it('is read by the guard where it is ES256 and valid, else not', async () => {
    const wrong: unknown[] = []
    let read = 0
    for (const group of await groupsOf<JwsVector>(name)) {
      const keys = await importKeys(keysOf(group)).catch(() => new Map())
      for (const { tcId, comment, jws, result } of group.tests) {
        const cause = isCompact(jws) && (await reasonOf(readSigned(jws, keys)))
        // What was signed is no JSON: the guard comes to see that only after the signature held.
        const is = cause instanceof SyntaxError
        const ours = result === 'valid' && algorithmOf(jws) === 'ES256'
        const expected = ours || (name === 'json_web_signature' && tcId === KEY_OPERATIONS)
        if (is !== expected) wrong.push({ tcId, comment, result, cause: String(cause) })
        if (is) read += 1
      }
    }
    expect(wrong).toEqual([])
    expect(read).toBe(name === 'json_web_key' ? 0 : 3)
  })
})

/** The public key of a group as a passkey's, in COSE (RFC 9053). */
const COSE: Record<string, (key: Group<unknown>['publicKey']) => Uint8Array> = {
  ecdsa_secp256r1_sha256: ({ uncompressed }) =>
    bytes(`a5010203262001215820${uncompressed.slice(2, 66)}225820${uncompressed.slice(66)}`),
  ed25519: ({ pk }) => bytes(`a4010103272006215820${pk}`),
  rsa_signature_2048_sha256: ({ modulus, publicExponent }) => {
    const e = publicExponent.padStart(6, '0')
    return bytes(`a401030339010020590100${modulus.slice(-512)}2143${e}`)
  },
}

/** Whether the signature of a passkey holds. What is no signature at all throws, at once or later. */
async function verified(signature: Bytes, data: Bytes, credentialPublicKey: Bytes) {
  try {
    return await verifySignature({ signature, data, credentialPublicKey })
  } catch {
    return false
  }
}

describe.each(Object.keys(COSE))('the signature of a passkey: %s', (name) => {
  it('holds where it should', async () => {
    const differs: number[] = []
    let held = 0
    for (const group of await groupsOf<SignatureVector>(name)) {
      const credentialPublicKey = Uint8Array.from(COSE[name]?.(group.publicKey) ?? [])
      for (const { tcId, msg, sig, result } of group.tests) {
        const is = await verified(bytes(sig), bytes(msg), credentialPublicKey)
        if (is !== (result === 'valid')) differs.push(tcId)
        if (is) held += 1
      }
    }
    expect(differs).toEqual([])
    expect(held).toBeGreaterThan(5)
  })
})

describe.each(['ecdsa_secp256r1_sha256_p1363'])('%s', (name) => {
  it('verifies ES256 with the platform as it should be', async () => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
    const wrong: unknown[] = []
    for (const group of await groupsOf<SignatureVector>(name)) {
      const point = bytes(group.publicKey.uncompressed)
      const key = await crypto.subtle.importKey('raw', point, algorithm, false, ['verify'])
      for (const { tcId, comment, msg, sig, result } of group.tests) {
        const is = await crypto.subtle.verify(algorithm, key, bytes(sig), bytes(msg))
        if (is !== (result === 'valid')) wrong.push({ tcId, comment, result, is })
      }
    }
    expect(wrong).toEqual([])
  })
})
