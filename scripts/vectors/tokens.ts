// Tokens, and the uses that they are checked for.
import { createHmac } from 'node:crypto'
import {
  base64Url,
  EXP,
  ISSUER,
  NOW,
  publicKey,
  signJws,
  spoil,
  type Vector,
  vector,
} from './sign.ts'

const DETAILS = { order: '17', amount: 25 }
const OTHER_KEY = 'k'.repeat(43)
const CLAIMS = {
  ...{ iss: ISSUER, sub: 'alice', aud: 'https://api.example', client_id: 'shop', sid: 's-1' },
  ...{ jti: 'c2l4dGVlbi1ieXRlcy0xNg', iat: NOW, exp: EXP, auth_time: NOW },
  ...{ amr: ['hwk', 'user'], acr: 'phr', singleUse: true, epoch: 0, scope: 'orders:refund' },
}
const { scope: _scope, ...SCOPELESS } = CLAIMS
const LEGACY = { ...SCOPELESS, aud: ISSUER, acr: 'mfa' }
const BOUND = { ...CLAIMS, authorization_details: [{ ...DETAILS, type: 'order.refund' }] }
const HEADER = { alg: 'ES256', typ: 'at+jwt', kid: 'token-1' }
const RULE = {
  ...{ scope: 'orders:refund', acr: 'mfa', singleUse: true, freshnessSeconds: 300 },
  ...{ details: 'optional', acceptsMfaToken: false, dpop: false },
}
const LEGACY_RULE = { ...RULE, acceptsMfaToken: true }
const USE = { action: 'order.refund', subject: 'alice', sessionId: 's-1' }

interface Case {
  header?: object | string
  claims?: object | string
  key?: string
  rule?: object
  use?: object
  now?: number
  change?: (token: string) => string
}

const INVALID = 'token_invalid'
const STEP_UP = 'step_up_required'
const without = (name: string) =>
  Object.fromEntries(Object.entries(CLAIMS).filter(([member]) => member !== name))
const mfa = (claims: object = {}): Case => ({
  header: { ...HEADER, typ: 'mfa+jwt' },
  claims: { ...LEGACY, ...claims },
})

const CASES: [name: string, reason: string | null, one: Case][] = [
  ['an elevated token for its action', null, {}],
  ['a token of the second key', null, { header: { ...HEADER, kid: 'token-2' }, key: 'token-2' }],
  ['the key of the header is ignored', null, { header: { ...HEADER, jwk: publicKey('client') } }],
  ['an unknown claim', null, { claims: { ...CLAIMS, more: 1 } }],
  ['several scopes', null, { claims: { ...CLAIMS, scope: 'a:b orders:refund' } }],
  ['no session in the token', null, { claims: without('sid') }],
  ['no session in the use', null, { use: { sessionId: undefined } }],
  ['the exact level', null, { claims: { ...CLAIMS, acr: 'mfa' } }],
  ['the last fresh second', null, { now: NOW + 300 }],
  ['the second before its end', null, { claims: { ...CLAIMS, exp: NOW + 1 } }],
  [
    'a reusable token where the rule allows it',
    null,
    {
      ...{ claims: { ...CLAIMS, singleUse: false }, rule: { ...RULE, singleUse: false } },
    },
  ],
  ['the same details', null, { claims: BOUND, use: { details: DETAILS } }],
  [
    'the same details in another order',
    null,
    {
      ...{ claims: BOUND, use: { details: { amount: 25, order: '17' } } },
    },
  ],
  ['details without a bound token', null, { use: { details: DETAILS } }],
  [
    'a token that is bound to a key',
    null,
    {
      ...{ claims: { ...CLAIMS, cnf: { jkt: OTHER_KEY } }, rule: { ...RULE, dpop: true } },
    },
  ],
  ['a legacy token where the rule accepts it', null, { ...mfa(), rule: LEGACY_RULE }],
  ['one part', INVALID, { change: (token) => token.split('.')[0] ?? '' }],
  ['two parts', INVALID, { change: (token) => token.split('.').slice(0, 2).join('.') }],
  ['four parts', INVALID, { change: (token) => `${token}.AAAA` }],
  ['an empty text', INVALID, { change: () => '' }],
  ['padding', INVALID, { change: (token) => `${token}==` }],
  ['white space', INVALID, { change: (token) => `${token} ` }],
  ['a line feed at its end', INVALID, { change: (token) => `${token}\n` }],
  ['a changed header', INVALID, { change: (token) => spoil(token, 0) }],
  ['a changed payload', INVALID, { change: (token) => spoil(token, 1) }],
  ['a changed signature', INVALID, { change: (token) => spoil(token, 2) }],
  ['no signature', INVALID, { change: (token) => token.replace(/[^.]+$/, '') }],
  ['a short signature', INVALID, { change: (token) => token.slice(0, -4) }],
  ['a signature of zeros', INVALID, { change: (token) => token.replace(/[^.]+$/, 'A'.repeat(86)) }],
  ['over 8,192 characters', INVALID, { claims: { ...CLAIMS, more: 'x'.repeat(8192) } }],
  ['another key under this kid', INVALID, { key: 'client' }],
  ['an unknown kid', INVALID, { header: { ...HEADER, kid: 'token-3' } }],
  ['the receipt key', INVALID, { header: { ...HEADER, kid: 'receipt-1' }, key: 'receipt-1' }],
  ['no kid', INVALID, { header: { alg: 'ES256', typ: 'at+jwt' } }],
  ['a kid that is a number', INVALID, { header: { ...HEADER, kid: 1 } }],
  ['alg none', INVALID, { header: { ...HEADER, alg: 'none' } }],
  ['alg HS256', INVALID, { change: () => hmacToken() }],
  ['alg ES384 in the header', INVALID, { header: { ...HEADER, alg: 'ES384' } }],
  ['a critical extension', INVALID, { header: { ...HEADER, crit: ['exp'] } }],
  ['b64 in the header', INVALID, { header: { ...HEADER, b64: true } }],
  ['a header that is not JSON', INVALID, { header: 'alg' }],
  ['a payload that is not JSON', INVALID, { claims: 'iss' }],
  ['a payload that is a list', INVALID, { claims: '[]' }],
  ['a byte order mark', INVALID, { claims: `\uFEFF${JSON.stringify(CLAIMS)}` }],
  ['the type JWT', INVALID, { header: { ...HEADER, typ: 'JWT' } }],
  ['no type', INVALID, { header: { alg: 'ES256', kid: 'token-1' } }],
  ['the type of a legacy token with a scope', INVALID, { header: { ...HEADER, typ: 'mfa+jwt' } }],
  ...['iss', 'sub', 'aud', 'client_id', 'jti', 'iat', 'exp', 'auth_time', 'amr', 'acr'].map(
    (claim): [string, string, Case] => [`no ${claim}`, INVALID, { claims: without(claim) }],
  ),
  ['no singleUse', INVALID, { claims: without('singleUse') }],
  ['no epoch', INVALID, { claims: without('epoch') }],
  ['no scope', INVALID, { claims: without('scope') }],
  ['an empty sub', INVALID, { claims: { ...CLAIMS, sub: '' } }],
  ['a sub that is a number', INVALID, { claims: { ...CLAIMS, sub: 1 } }],
  ['a list of audiences', INVALID, { claims: { ...CLAIMS, aud: [CLAIMS.aud] } }],
  ['a short jti', INVALID, { claims: { ...CLAIMS, jti: 'short' } }],
  ['an unknown level', INVALID, { claims: { ...CLAIMS, acr: 'gold' } }],
  ['an exp after 2100', INVALID, { claims: { ...CLAIMS, exp: EXP + 1 } }],
  ['an exp that is a text', INVALID, { claims: { ...CLAIMS, exp: `${EXP}` } }],
  ['a negative iat', INVALID, { claims: { ...CLAIMS, iat: -1 } }],
  ['an empty amr', INVALID, { claims: { ...CLAIMS, amr: [] } }],
  [
    'two authorization details',
    INVALID,
    { claims: { ...CLAIMS, authorization_details: [{}, {}] } },
  ],
  ...['sid', 'cnf', 'authorization_details'].map((claim): [string, string, Case] => [
    `${claim} null`,
    INVALID,
    { claims: { ...CLAIMS, [claim]: null } },
  ]),
  ['an exp with a fraction', INVALID, { claims: { ...CLAIMS, exp: NOW + 0.5 } }],
  ['an epoch beyond 2^53', INVALID, { claims: { ...CLAIMS, epoch: 2 ** 53 } }],
  ['a cnf without a thumbprint', INVALID, { claims: { ...CLAIMS, cnf: {} } }],
  ['another issuer', INVALID, { claims: { ...CLAIMS, iss: `${ISSUER}2` } }],
  ['its last second is over', 'token_expired', { claims: { ...CLAIMS, exp: NOW } }],
  ['expired long ago', 'token_expired', { claims: { ...CLAIMS, exp: 1 } }],
  [
    'expired and of another user',
    'token_expired',
    {
      ...{ claims: { ...CLAIMS, exp: 1 }, use: { subject: 'bob' } },
    },
  ],
  ['another user', INVALID, { use: { subject: 'bob' } }],
  ['another session', INVALID, { use: { sessionId: 's-2' } }],
  ['another audience', INVALID, { claims: { ...CLAIMS, aud: 'https://other.example' } }],
  ['another scope', 'scope_not_allowed', { claims: { ...CLAIMS, scope: 'orders:read' } }],
  [
    'a scope that only begins alike',
    'scope_not_allowed',
    {
      claims: { ...CLAIMS, scope: 'orders:refunds' },
    },
  ],
  ['a reusable token for a single use', STEP_UP, { claims: { ...CLAIMS, singleUse: false } }],
  ['too weak', STEP_UP, { claims: { ...CLAIMS, acr: 'recovery' } }],
  ['one second too old', STEP_UP, { now: NOW + 301 }],
  ['not bound to a key', STEP_UP, { rule: { ...RULE, dpop: true } }],
  ['details that the rule requires', STEP_UP, { rule: { ...RULE, details: 'required' } }],
  [
    'other details',
    'details_mismatch',
    { claims: BOUND, use: { details: { ...DETAILS, amount: 26 } } },
  ],
  [
    'a text for a number',
    'details_mismatch',
    {
      ...{ claims: BOUND, use: { details: { ...DETAILS, amount: '25' } } },
    },
  ],
  [
    'details of another action',
    'details_mismatch',
    {
      ...{ claims: BOUND, use: { action: 'order.cancel', details: DETAILS } },
    },
  ],
  ['no details for a bound token', 'details_mismatch', { claims: BOUND }],
  ['a legacy token that no rule accepts', STEP_UP, mfa()],
  ['a legacy token for a passkey', STEP_UP, { ...mfa(), rule: { ...LEGACY_RULE, acr: 'phr' } }],
  [
    'a legacy token for required details',
    STEP_UP,
    {
      ...{ ...mfa(), rule: { ...LEGACY_RULE, details: 'required' } },
    },
  ],
  ['a legacy token for the resource', INVALID, { ...mfa({ aud: CLAIMS.aud }), rule: LEGACY_RULE }],
]

function hmacToken(): string {
  const [, payload] = signJws(HEADER, CLAIMS, 'token-1').split('.')
  const signed = `${base64Url(JSON.stringify({ ...HEADER, alg: 'HS256' }))}.${payload}`
  const mac = createHmac('sha256', JSON.stringify(publicKey('token-1')))
    .update(signed)
    .digest()
  return `${signed}.${base64Url(mac)}`
}

/** Makes the vectors of tokens. */
export const tokenVectors = (): Vector[] =>
  CASES.map(([name, reason, { header = HEADER, claims = CLAIMS, key = 'token-1', ...one }]) => {
    const { rule = RULE, use, now, change = (token: string) => token } = one
    const token = change(signJws(header, claims, key))
    const expected = { issuer: ISSUER, audience: CLAIMS.aud }
    return vector('token', name, { token, ...expected, rule, use: { ...USE, ...use } }, reason, now)
  })
