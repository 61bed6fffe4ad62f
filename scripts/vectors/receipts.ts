// Receipts and checkpoints. `before` changes a receipt and signs it as it then is, `after` changes a signed one.
import type { SignedStatement } from '../../contract/index.ts'
import { CHECKPOINT_TYPE, RECEIPT_TYPE, STATEMENT_TAG } from '../../contract/shared/receipt.ts'
import { sha256, utf8 } from '../../functions/domain/bytes.ts'
import { commitTo } from '../../functions/domain/details/details.ts'
import { chainEvent, digestOf } from '../../functions/domain/history/audit.ts'
import { canonical } from '../../functions/domain/tokens/statement.ts'
import {
  base64Url,
  EXP,
  ISSUER,
  NOW,
  publicKey,
  signBytes,
  signJws,
  spoil,
  type Vector,
  vector,
} from './sign.ts'

const ACTION = 'order.refund'
const DETAILS = { order: 'o-17', amount: 25 }
const RP_ID = 'shop.example'
const salt = (byte: number) => new Uint8Array(16).fill(byte)
const HASH = base64Url(commitTo(DETAILS, ACTION, salt(7)))
const JTI = 'c2l4dGVlbi1ieXRlcy0xNg'
const TOKEN = {
  ...{ jti: JTI, kind: 'elevated', audience: 'https://api.example', scopes: ['orders:refund'] },
  ...{ actions: [ACTION], singleUse: true, issuedAt: NOW, expiresAt: NOW + 300 },
}
const PROOF = {
  ...{ method: 'passkey', factorId: 'f-1', amr: ['hwk', 'user'], acr: 'phr', authTime: NOW },
}
const STATEMENT: SignedStatement = {
  ...{ v: 2, iss: ISSUER, sub: 'alice', purpose: 'step_up', scope: 'orders:refund' },
  ...{ nonce: base64Url(salt(9)), exp: NOW + 300, epoch: 0, details: HASH },
}
const ALGORITHMS: Record<string, string> = {
  ...{ 'passkey-es256': 'ES256', 'passkey-eddsa': 'EdDSA', 'passkey-rs256': 'RS256' },
}

interface Case {
  key?: string
  /** The key of the passkey; null for a code. */
  passkey?: string | null
  statement?: object
  clientData?: object
  flags?: number
  rpId?: string
  /** How many events are between the two; null if the token was not consumed. */
  between?: number | null
  header?: object
  checkpoint?: object
  checkpointKey?: string
  checkpointType?: string
  issued?: object
  before?: Record<string, unknown>
  after?: Record<string, unknown>
  details?: object
}

function passkeyOf({ passkey: key, statement, clientData, flags = 5, rpId = RP_ID }: Case) {
  if (key === null) return {}
  const name = key ?? 'passkey-es256'
  const said = { ...STATEMENT, ...statement }
  const challenge = base64Url(sha256(utf8(STATEMENT_TAG), utf8(canonical(said))))
  const client = { type: 'webauthn.get', challenge, origin: `https://${RP_ID}` }
  const clientBytes = utf8(JSON.stringify({ ...client, crossOrigin: false, ...clientData }))
  const data = Buffer.concat([sha256(utf8(rpId)), Buffer.from([flags, 0, 0, 0, 1])])
  const signature = signBytes(Buffer.concat([data, sha256(clientBytes)]), name, 'der')
  return {
    passkey: {
      ...{ credentialId: 'Y3JlZGVudGlhbA', rpId: RP_ID, statement: said },
      publicKey: { ...publicKey(name), alg: ALGORITHMS[name] },
      authenticatorData: base64Url(data),
      clientDataJSON: base64Url(clientBytes),
      signature: base64Url(signature),
    },
  }
}

/** Returns a value with members replaced by their path. Undefined removes a member. */
function changed<T>(value: T, changes: Record<string, unknown> = {}): T {
  const copy = structuredClone(value)
  for (const [path, member] of Object.entries(changes)) {
    const names = path.split('.')
    const last = names.pop() ?? ''
    const holder = names.reduce<unknown>((held, name) => Reflect.get(Object(held), name), copy)
    if (member === undefined) Reflect.deleteProperty(Object(holder), last)
    else Reflect.set(Object(holder), last, member)
  }
  return JSON.parse(JSON.stringify(copy))
}

function chainOf({ between = 1, issued, ...one }: Case) {
  const { jti, kind, scopes, singleUse } = TOKEN
  const listed = { jti, kind, scopes, singleUse, detailsHash: 'hash' }
  const first = chainEvent(
    { seq: 4, previous: 'ab'.repeat(32) },
    {
      ...{ at: NOW, type: 'step_up.passed', actor: 'subject' },
      data: { ...PROOF, tokens: [listed], country: 'DE', ...issued },
    },
    salt(1),
  )
  const events = [first]
  for (let number = 0; number <= (between ?? -1); number++) {
    const { seq, hash: previous } = events.at(-1) ?? first
    const isUse = number === between
    const added = isUse
      ? { at: NOW + 5, type: 'token.consumed', actor: 'resource:r-1', data: { jti } }
      : { at: NOW + 1, type: 'factor.renamed', actor: 'subject', data: {} }
    events.push(chainEvent({ seq: seq + 1, previous }, added, salt(2 + number)))
  }
  const last = events.at(-1) ?? first
  const end = { iss: ISSUER, sub: 'alice', position: last.seq, head: last.hash, iat: NOW + 9 }
  const key = one.checkpointKey ?? 'receipt-1'
  const header = { alg: 'ES256', typ: one.checkpointType ?? CHECKPOINT_TYPE, kid: 'receipt-1' }
  return {
    ...(last !== first && { consumed: { at: last.at, by: last.actor, position: last.seq } }),
    chain: {
      events: last === first ? [first] : [first, last],
      digests: events.slice(1, -1).map((event) => Buffer.from(digestOf(event)).toString('hex')),
      checkpoint: signJws(header, { ...end, ...one.checkpoint }, key),
    },
  }
}

function receiptOf(one: Case) {
  const receipt = changed(
    {
      ...{ v: 1, iss: ISSUER, environment: 'shop', sub: 'alice', iat: NOW + 9, version: 3 },
      ...{ token: TOKEN, details: { action: ACTION, hash: HASH, salt: base64Url(salt(7)) } },
      proofs: [{ ...PROOF, ...passkeyOf(one) }],
      ...chainOf(one),
    },
    one.before,
  )
  const header = { alg: 'ES256', typ: RECEIPT_TYPE, kid: 'receipt-1', ...one.header }
  const [first, , last] = signJws(header, canonical(receipt), one.key ?? 'receipt-1').split('.')
  return changed({ ...receipt, signature: `${first}..${last}` }, one.after)
}

const CASES: [name: string, reason: string | null, one: Case][] = [
  ['a passkey with ES256', null, { details: DETAILS }],
  ['a passkey with EdDSA', null, { passkey: 'passkey-eddsa', details: DETAILS }],
  ['a passkey with RS256', null, { passkey: 'passkey-rs256', details: DETAILS }],
  ['no passkey', null, { passkey: null }],
  ['details that are not compared', null, {}],
  ['a token that was not consumed', null, { between: null }],
  ['two events directly after each other', null, { between: 0 }],
  ['five events between them', null, { between: 5 }],
  ['an unknown member', null, { before: { more: 'ü€😀' } }],
  ['no member v', 'form', { after: { v: undefined } }],
  ['another version', 'form', { before: { v: 2 } }],
  ['no signature', 'form', { after: { signature: undefined } }],
  ['a signature with its payload', 'form', { after: { signature: 'a.b.c' } }],
  ['another key under this kid', 'signature', { key: 'token-1' }],
  ['an unknown kid', 'signature', { header: { kid: 'receipt-2' } }],
  ['the type of a checkpoint', 'signature', { header: { typ: CHECKPOINT_TYPE } }],
  ['no type', 'signature', { header: { typ: undefined } }],
  ['alg none', 'signature', { header: { alg: 'none' } }],
  ['another user', 'signature', { after: { sub: 'bob' } }],
  ['another time of use', 'signature', { after: { 'consumed.at': NOW } }],
  ['a member more', 'signature', { after: { more: 1 } }],
  ['a member less', 'signature', { after: { environment: undefined } }],
  ['a text for a number', 'signature', { after: { version: '3' } }],
  ['a checkpoint that is no JWS', 'checkpoint', { before: { 'chain.checkpoint': 'a.b' } }],
  ['a checkpoint of another user', 'checkpoint', { checkpoint: { sub: 'bob' } }],
  ['a checkpoint of another issuer', 'checkpoint', { checkpoint: { iss: 'https://x.example' } }],
  ['a checkpoint of the key of tokens', 'checkpoint', { checkpointKey: 'token-1' }],
  ['a checkpoint of another type', 'checkpoint', { checkpointType: 'at+jwt' }],
  ['a checkpoint further on', 'chain', { checkpoint: { position: 9 } }],
  ['a checkpoint of another head', 'chain', { checkpoint: { head: 'cd'.repeat(32) } }],
  ['a digest less', 'chain', { between: 2, before: { 'chain.digests': [] } }],
  ['another digest', 'chain', { before: { 'chain.digests.0': 'cd'.repeat(32) } }],
  ['an event with another time', 'chain', { before: { 'chain.events.0.at': NOW + 1 } }],
  ['an event with another salt', 'chain', { before: { 'chain.events.1.salt': '00'.repeat(16) } }],
  ['no events', 'chain', { before: { 'chain.events': [] } }],
  ['an end without its event', 'chain', { before: { 'chain.events.1': undefined } }],
  ['another token', 'events', { before: { 'token.jti': 'YW5vdGhlci1zaXh0ZWVuLQ' } }],
  ['more scopes', 'events', { before: { 'token.scopes': ['orders:refund', 'a:b'] } }],
  ['a reusable token', 'events', { before: { 'token.singleUse': false } }],
  ['a key that the event does not name', 'events', { before: { 'token.jkt': 'k'.repeat(43) } }],
  ['another time of issue', 'events', { before: { 'token.issuedAt': NOW + 1 } }],
  ['a higher level', 'events', { before: { 'proofs.0.acr': 'mfa' } }],
  ['no proofs', 'events', { before: { proofs: [] } }],
  ['no consumption where an event has one', 'events', { before: { consumed: undefined } }],
  ['consumed by somebody else', 'events', { before: { 'consumed.by': 'resource:r-2' } }],
  ['an event of another method', 'events', { issued: { method: 'totp' } }],
  [
    'a changed signature of the passkey',
    'credential',
    {
      before: {
        'proofs.0.passkey.signature': base64Url(signBytes(utf8('x'), 'passkey-es256', 'der')),
      },
    },
  ],
  [
    'another public key',
    'credential',
    {
      before: { 'proofs.0.passkey.publicKey': { ...publicKey('client'), alg: 'ES256' } },
    },
  ],
  ['an unknown algorithm', 'credential', { before: { 'proofs.0.passkey.publicKey.alg': 'ES512' } }],
  ['a statement about another user', 'credential', { statement: { sub: 'bob' } }],
  ['a statement about another scope', 'credential', { statement: { scope: 'a:b' } }],
  ['a statement about other details', 'credential', { statement: { details: base64Url(salt(1)) } }],
  ['a statement without details', 'credential', { statement: { details: undefined } }],
  ['a statement of another purpose', 'credential', { statement: { purpose: 'enroll:f-1' } }],
  ['another challenge', 'credential', { clientData: { challenge: 'AAAA' } }],
  ['a registration', 'credential', { clientData: { type: 'webauthn.create' } }],
  ['a frame of another origin', 'credential', { clientData: { crossOrigin: true } }],
  ['a top origin', 'credential', { clientData: { topOrigin: 'https://x.example' } }],
  ['a user who was not verified', 'credential', { flags: 1 }],
  ['a user who was not present', 'credential', { flags: 4 }],
  ['another RP id', 'credential', { rpId: 'other.example' }],
  ['other details', 'details', { details: { ...DETAILS, amount: 26 } }],
  ['details that are more', 'details', { details: { ...DETAILS, more: 1 } }],
  [
    'details where the receipt has none',
    'details',
    {
      ...{ before: { details: undefined }, statement: { details: undefined }, details: DETAILS },
    },
  ],
]

/** Makes the vectors of receipts. */
export const receiptVectors = (): Vector[] =>
  CASES.map(([name, reason, one]) => {
    const { details } = one
    return vector('receipt', name, { receipt: receiptOf(one), ...(details && { details }) }, reason)
  })

const HEADER = { alg: 'ES256', typ: CHECKPOINT_TYPE, kid: 'receipt-1' }
const END = { iss: ISSUER, sub: 'alice', position: 6, head: 'ab'.repeat(32), iat: NOW }
const ALICE = { iss: ISSUER, sub: 'alice' }
const environment = { ...END, sub: undefined, environment: 'shop' }

interface CheckpointCase {
  header?: object
  claims?: object
  key?: string
  chain?: object
  change?: (checkpoint: string) => string
}
const FAULT = 'checkpoint'
const CHECKPOINTS: [name: string, reason: string | null, one: CheckpointCase][] = [
  ['of a user', null, {}],
  [
    'of an environment',
    null,
    {
      ...{ claims: environment, chain: { iss: ISSUER, environment: 'shop' } },
    },
  ],
  ['of the directory', null, { claims: { ...END, sub: undefined }, chain: { iss: ISSUER } }],
  ['of an empty chain', null, { claims: { ...END, position: 0 } }],
  ['another user', FAULT, { chain: { iss: ISSUER, sub: 'bob' } }],
  ['another issuer', FAULT, { chain: { iss: 'https://x.example', sub: 'alice' } }],
  ['of an environment for a user', FAULT, { claims: environment }],
  ['of a user for an environment', FAULT, { chain: { iss: ISSUER, environment: 'shop' } }],
  ['a negative position', FAULT, { claims: { ...END, position: -1 } }],
  ['a position that is a text', FAULT, { claims: { ...END, position: '6' } }],
  ['no head', FAULT, { claims: { ...END, head: undefined } }],
  ['no iat', FAULT, { claims: { ...END, iat: undefined } }],
  ['an unknown claim', FAULT, { claims: { ...END, exp: EXP } }],
  ['another type', FAULT, { header: { ...HEADER, typ: RECEIPT_TYPE } }],
  ['no type', FAULT, { header: { ...HEADER, typ: undefined } }],
  ['alg none', FAULT, { header: { ...HEADER, alg: 'none' } }],
  ['an unknown kid', FAULT, { header: { ...HEADER, kid: 'receipt-2' } }],
  ['the key of tokens', FAULT, { key: 'token-1' }],
  ['a critical extension', FAULT, { header: { ...HEADER, crit: ['exp'] } }],
  ['a changed payload', FAULT, { change: (checkpoint) => spoil(checkpoint, 1) }],
  ['a changed signature', FAULT, { change: (checkpoint) => spoil(checkpoint, 2) }],
  ['padding', FAULT, { change: (checkpoint) => `${checkpoint}==` }],
]

/** Makes the vectors of checkpoints. */
export const checkpointVectors = (): Vector[] =>
  CHECKPOINTS.map(([name, reason, { header = HEADER, claims = END, chain = ALICE, ...one }]) => {
    const { key = 'receipt-1', change = (checkpoint: string) => checkpoint } = one
    const checkpoint = change(signJws(header, claims, key))
    return vector('checkpoint', name, { checkpoint, chain }, reason)
  })
