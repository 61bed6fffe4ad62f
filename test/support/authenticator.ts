// A software WebAuthn authenticator, with the part of the browser before it. It creates real keys, authenticator
// data and signatures with WebCrypto, and can change single members of a response for attack tests. It runs in
// Node and in workerd. It does not attest (format "none"), process extensions, ask for a gesture, or replace an
// older credential of the same user, and it stores nothing.

import { base64urlnopad } from '@scure/base'

/** The kinds of key an authenticator can be made with. */
export type Algorithm = 'ES256' | 'EdDSA' | 'RS256'

/** What an authenticator is made with; `createAuthenticator` says what each member does. */
export interface AuthenticatorOptions {
  origin: string
  rpId: string
  algorithm?: Algorithm
  synced?: boolean
  counting?: boolean
}

/**
 * Members to bend in one answer. All others stay as they would be, and are validly signed.
 * Those marked R bend a registration only, those marked A an authentication only.
 */
export interface Tamper {
  origin?: string
  rpId?: string // the one hashed, whatever the options name
  challenge?: string
  type?: string
  crossOrigin?: boolean
  topOrigin?: string
  userPresent?: boolean
  userVerified?: boolean
  backupEligible?: boolean
  backedUp?: boolean
  counter?: number // of this answer; the authenticator's own goes on as if unbent
  userHandle?: string | null // A: base64url, as posted; null leaves it out
  credentialId?: string // base64url; R: the id attested; A: the own credential that signs
  postedId?: string // base64url; what `id` and `rawId` say
  idBytes?: number // R: length of the new credential id
  algorithm?: Algorithm | 'ES384' // R: the kind of key to make, whatever the options ask for
  truncateAttestation?: number // R: bytes to drop at the end of the attestation object
  signature?: Uint8Array // A: posted in place of the signature
  authenticatorDataSuffix?: Uint8Array // added at the end, under the signature
}

/** The members read of PublicKeyCredentialCreationOptionsJSON. */
export interface CreationOptions {
  challenge: string
  rp: { id?: string | undefined }
  user: { id: string }
  pubKeyCredParams: readonly { alg: number }[]
  excludeCredentials?: readonly { id: string }[] | undefined
}

/** The members known of PublicKeyCredentialRequestOptionsJSON; UV is set whatever is asked for. */
export interface RequestOptions {
  challenge: string
  rpId?: string | undefined
  allowCredentials?: readonly { id: string }[] | undefined
  userVerification?: string | undefined
}

interface Posted<Response> {
  id: string
  rawId: string
  type: 'public-key'
  response: Response & { clientDataJSON: string }
  clientExtensionResults: Record<string, never>
  authenticatorAttachment: 'platform' | 'cross-platform'
}

/** RegistrationResponseJSON, as posted to the relying party. */
export type RegistrationResponse = Posted<{ attestationObject: string; transports: string[] }>

/** AuthenticationResponseJSON, as posted to the relying party. */
export type AuthenticationResponse = Posted<{
  authenticatorData: string
  signature: string
  userHandle?: string
}>

/** A credential as the authenticator knows it; both members are base64url. */
export type Credential = Readonly<{ id: string; userHandle: string }>

/** The two ceremonies, and the credentials made so far, oldest first. */
export interface Authenticator {
  /**
   * Makes a credential and keeps it.
   * @param options - The relying party's creation options.
   * @param tamper - Members of the answer to bend.
   * @returns The answer to post to the relying party.
   * @example await device.register(creationOptions, { backedUp: true })
   * @see WebAuthn Level 3, sections 5.1.3 and 6.3.2
   */
  register(options: CreationOptions, tamper?: Tamper): Promise<RegistrationResponse>
  /**
   * Signs a challenge with the newest credential allowed, or the newest of all if none is listed.
   * @param options - The relying party's request options.
   * @param tamper - Members of the answer to bend.
   * @returns The answer to post to the relying party.
   * @example await device.authenticate(requestOptions, { origin: 'https://evil.example' })
   * @see WebAuthn Level 3, sections 5.1.4 and 6.3.3
   */
  authenticate(options: RequestOptions, tamper?: Tamper): Promise<AuthenticationResponse>
  readonly credentials: readonly Credential[]
}

type Bytes = Uint8Array<ArrayBuffer>
type Cbor = number | string | Uint8Array | ReadonlyMap<number | string, Cbor>
type Key = Parameters<typeof crypto.subtle.exportKey>[1]
type Kind = (typeof kinds)[keyof typeof kinds]
type Kept = Credential & { kind: Kind; privateKey: Key; counter: number }

const publicExponent = Uint8Array.of(1, 0, 1)
const ec256 = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const ec384 = { name: 'ECDSA', namedCurve: 'P-384', hash: 'SHA-384' }
const rsa = { name: 'RSASSA-PKCS1-v1_5', modulusLength: 2048, hash: 'SHA-256' }

// WebCrypto's parameters, and the COSE key by label; a text stands for the JWK member so named.
const kinds = {
  ES256: { params: ec256, cose: { 1: 2, 3: -7, [-1]: 1, [-2]: 'x', [-3]: 'y' } },
  EdDSA: { params: { name: 'Ed25519' }, cose: { 1: 1, 3: -8, [-1]: 6, [-2]: 'x' } },
  RS256: { params: { ...rsa, publicExponent }, cose: { 1: 3, 3: -257, [-1]: 'n', [-2]: 'e' } },
  ES384: { params: ec384, cose: { 1: 2, 3: -35, [-1]: 2, [-2]: 'x', [-3]: 'y' } },
}

const concat = (...parts: Iterable<number>[]): Bytes =>
  Uint8Array.from(parts.flatMap((part) => [...part]))
const utf8 = (text: string): Bytes => Uint8Array.from(new TextEncoder().encode(text))
const sha256 = async (data: Bytes): Promise<Bytes> =>
  new Uint8Array(await crypto.subtle.digest('SHA-256', data))

function uint(value: number, size: number): Bytes {
  const bytes = new Uint8Array(4)
  new DataView(bytes.buffer).setUint32(0, value)
  return bytes.slice(4 - size)
}

function cborHead(major: number, value: number): Bytes {
  if (value < 24) return Uint8Array.of((major << 5) | value)
  const power = value < 0x100 ? 0 : value < 0x10000 ? 1 : 2
  return concat([(major << 5) | (24 + power)], uint(value, 1 << power))
}

function cbor(value: Cbor): Bytes {
  if (typeof value === 'number') return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value)
  if (typeof value === 'string') return concat(cborHead(3, utf8(value).length), utf8(value))
  if (value instanceof Uint8Array) return concat(cborHead(2, value.length), value)
  const members = [...value].flatMap(([key, member]) => [cbor(key), cbor(member)])
  return concat(cborHead(5, value.size), ...members)
}

async function coseKey(kind: Kind, publicKey: Key): Promise<Bytes> {
  const jwk = new Map(Object.entries(await crypto.subtle.exportKey('jwk', publicKey)))
  const member = (name: string) => base64urlnopad.decode(String(jwk.get(name)))
  const labels = Object.entries<number | string>(kind.cose)
  return cbor(new Map(labels.map(([k, v]) => [Number(k), typeof v === 'string' ? member(v) : v])))
}

// WebCrypto's r || s as SEQUENCE { INTEGER r, INTEGER s } (WebAuthn Level 3, section 6.5.5).
function derSignature(raw: Uint8Array): Bytes {
  const integers = [raw.slice(0, raw.length / 2), raw.slice(raw.length / 2)].map((half) => {
    const digits = half.slice(half.findIndex((byte) => byte !== 0))
    const sign = (digits[0] ?? 0) < 0x80 ? [] : [0]
    return concat([0x02, sign.length + digits.length], sign, digits)
  })
  return concat([0x30, concat(...integers).length], ...integers)
}

/**
 * Makes an authenticator that holds its credentials in memory and serves one page.
 *
 * Like a browser it refuses with a DOMException: `InvalidStateError` when `excludeCredentials`
 * names a credential of its own, `NotSupportedError` when its algorithm is not asked for,
 * `NotAllowedError` when it holds no credential that may answer, and `SecurityError` when the
 * request names another relying party (unless `tamper.rpId` is given).
 *
 * @param options.origin - The page's origin, written into the client data.
 * @param options.rpId - The relying party id, hashed into the authenticator data.
 * @param options.algorithm - The kind of key to make; ES256 if left out.
 * @param options.synced - Whether credentials are backed up, and can be; false if left out.
 * @param options.counting - Whether the counter goes up by one with each authentication, else it
 *   stays 0; true if left out.
 * @returns The authenticator.
 * @example
 * const device = createAuthenticator({ origin: 'https://shop.example', rpId: 'shop.example' })
 * const registration = await device.register(creationOptions)
 * const authentication = await device.authenticate(requestOptions)
 * @see WebAuthn Level 3, sections 5.8.1 (client data), 6.1 (authenticator data), 6.5.1 (attested
 *   credential data) and 8.7 (attestation "none")
 */
export function createAuthenticator(options: AuthenticatorOptions): Authenticator {
  const { origin, rpId, algorithm = 'ES256', synced = false, counting = true } = options
  const kept: Kept[] = []

  function refuseIf(refused: boolean, name: string, message: string): void {
    if (refused) throw new DOMException(message, name)
  }

  const requireRpId = (asked = rpId, bent?: string): void =>
    refuseIf(bent === undefined && asked !== rpId, 'SecurityError', `"${asked}" is not "${rpId}"`)

  function clientData(type: string, challenge: string, tamper: Tamper): Bytes {
    const members = {
      type: tamper.type ?? type,
      challenge: tamper.challenge ?? challenge,
      origin: tamper.origin ?? origin,
      crossOrigin: tamper.crossOrigin ?? false,
      topOrigin: tamper.topOrigin,
    }
    return utf8(JSON.stringify(members))
  }

  async function authenticatorData(counter: number, tamper: Tamper, attested?: Bytes) {
    const { userPresent = true, userVerified = true } = tamper
    const { backupEligible = synced, backedUp = synced } = tamper
    const bits = [userPresent, false, userVerified, backupEligible, backedUp, false, attested]
    const flags = bits.reduce((sum, bit, index) => sum | (bit ? 1 << index : 0), 0)
    const head = concat(await sha256(utf8(tamper.rpId ?? rpId)), [flags])
    const count = uint(tamper.counter ?? counter, 4)
    return concat(head, count, attested ?? [], tamper.authenticatorDataSuffix ?? [])
  }

  function posted<R>(id: string, client: Bytes, rest: R): Posted<R> {
    const response = { clientDataJSON: base64urlnopad.encode(client), ...rest }
    const authenticatorAttachment = synced ? 'platform' : 'cross-platform'
    const common = { clientExtensionResults: {}, authenticatorAttachment } as const
    return { id, rawId: id, type: 'public-key', response, ...common }
  }

  return {
    async register(
      { challenge, rp, user, pubKeyCredParams, excludeCredentials = [] },
      tamper = {},
    ) {
      requireRpId(rp.id, tamper.rpId)
      const held = excludeCredentials.some(({ id }) => kept.some((own) => own.id === id))
      refuseIf(held, 'InvalidStateError', 'A credential of the list is held already')
      const kind = kinds[tamper.algorithm ?? algorithm]
      const asked = tamper.algorithm || pubKeyCredParams.some(({ alg }) => alg === kind.cose[3])
      refuseIf(!asked, 'NotSupportedError', `${algorithm} is not asked for`)
      const pair = await crypto.subtle.generateKey(kind.params, false, ['sign', 'verify'])
      if (!('privateKey' in pair)) throw new TypeError('Expected a key pair')
      const newId = crypto.getRandomValues(new Uint8Array(tamper.idBytes ?? 32))
      const id = base64urlnopad.encode(newId)
      const attestedId = base64urlnopad.decode(tamper.credentialId ?? id)
      const aaguidAndId = concat(new Uint8Array(16), uint(attestedId.length, 2), attestedId)
      const attested = concat(aaguidAndId, await coseKey(kind, pair.publicKey))
      const attestation = new Map<string, Cbor>()
        .set('fmt', 'none')
        .set('attStmt', new Map())
        .set('authData', await authenticatorData(0, tamper, attested))
      const whole = cbor(attestation)
      const end = Math.max(0, whole.length - (tamper.truncateAttestation ?? 0))
      kept.push({ id, userHandle: user.id, kind, privateKey: pair.privateKey, counter: 0 })
      return posted(tamper.postedId ?? id, clientData('webauthn.create', challenge, tamper), {
        attestationObject: base64urlnopad.encode(whole.slice(0, end)),
        transports: synced ? ['hybrid', 'internal'] : ['usb'],
      })
    },

    async authenticate({ challenge, rpId: asked, allowCredentials = [] }, tamper = {}) {
      requireRpId(asked, tamper.rpId)
      const listed = allowCredentials.map(({ id }) => id)
      const allowed = tamper.credentialId === undefined ? listed : [tamper.credentialId]
      const own = kept.findLast(({ id }) => allowed.length === 0 || allowed.includes(id))
      if (!own) throw new DOMException('No credential may answer', 'NotAllowedError')
      if (counting) own.counter += 1
      const data = await authenticatorData(own.counter, tamper)
      const client = clientData('webauthn.get', challenge, tamper)
      const { params } = own.kind
      const signed = concat(data, await sha256(client))
      const raw = new Uint8Array(await crypto.subtle.sign(params, own.privateKey, signed))
      const signature = params.name === 'ECDSA' ? derSignature(raw) : raw
      const { userHandle = own.userHandle } = tamper
      return posted(tamper.postedId ?? own.id, client, {
        authenticatorData: base64urlnopad.encode(data),
        signature: base64urlnopad.encode(tamper.signature ?? signature),
        ...(userHandle === null ? {} : { userHandle }),
      })
    },

    get credentials() {
      return kept.map(({ id, userHandle }) => ({ id, userHandle }))
    },
  }
}
