// Details with their canonical text and salted hash, and statements with the challenge that a passkey signs.
import { commitTo } from '../../functions/domain/details/details.ts'
import { type Statement, webauthnChallengeOf } from '../../functions/domain/tokens/challenge.ts'
import { canonical } from '../../functions/domain/tokens/statement.ts'
import { base64Url, ISSUER, NOW, type Vector, vector } from './sign.ts'

const ACTION = 'order.refund'
const SALT = base64Url(new Uint8Array(16).fill(7))
const ORDER = { order: 'o-17', amount: 25 }
const hashOf = (details: object, action = ACTION): string =>
  base64Url(commitTo({ ...details }, action, Buffer.from(SALT, 'base64url')))

/** Details whose canonical text shows one rule of RFC 8785. */
const GOOD: [name: string, details: object][] = [
  ['an order', ORDER],
  ['nothing', {}],
  ['members in another order', { b: 1, a: 2 }],
  ['capitals before small letters', { a: 1, B: 2, _: 3 }],
  ['names of digits', { 10: 1, 9: 2, 1: 3 }],
  ['names beyond the basic plane', { '\u{1F600}': 1, '\uFB33': 2 }],
  ['an empty name', { '': 1 }],
  ['lists and objects', { list: [{ b: 1, a: [] }, {}, null, true, false] }],
  ['control characters', { text: '\b\t\n\f\r\u0000\u001f\u007f' }],
  ['quotation marks, slashes and line separators', { text: '"\\/\u2028\u2029<>&' }],
  ['letters of many scripts', { text: 'é ß 漢字 \u{1F600}' }],
  ['composed and decomposed letters', { text: '\u00e9 e\u0301' }],
  ['the largest integer', { number: 2 ** 53 - 1 }],
  ['the smallest integer', { number: -(2 ** 53) + 1 }],
  ['fractions', { number: [0.1, -1.5, 1e-6, 1e-7, 1.5e-10, 333333333.3333333, 5e-324] }],
  ['negative zero', { number: -0 }],
  ['2,048 bytes', { text: 'x'.repeat(2037) }],
]
/** Details that cannot be bound. */
const BAD: [name: string, details: object][] = [
  ['a type', { type: 'x' }],
  ['an integer beyond 2^53', { number: 2 ** 53 }],
  ['a deep integer beyond 2^53', { a: [{ b: -(2 ** 60) }] }],
  ['a large number with an exponent', { number: 1e21 }],
  ['half a surrogate pair', { text: '\ud83d' }],
  ['half a surrogate pair in a name', { '\ude00': 1 }],
  ['2,049 bytes', { text: 'x'.repeat(2038) }],
  ['2,049 bytes of two-byte letters', { text: `${'é'.repeat(1019)}` }],
]
const ORDER_TEXT = canonical(ORDER)
const WRONG: [name: string, reason: string, input: object][] = [
  ['a text with spaces', 'canonical', { text: '{"amount": 25, "order": "o-17"}' }],
  ['a text in another order', 'canonical', { text: '{"order":"o-17","amount":25}' }],
  [
    'a text with a type',
    'canonical',
    { text: '{"amount":25,"order":"o-17","type":"order.refund"}' },
  ],
  ['the hash of other details', 'hash', { hash: hashOf({ ...ORDER, amount: 26 }) }],
  ['the hash of another action', 'hash', { hash: hashOf(ORDER, 'order.cancel') }],
  ['the hash of another salt', 'hash', { salt: base64Url(new Uint8Array(16)) }],
  ['the hash with padding', 'hash', { hash: `${hashOf(ORDER)}=` }],
]

const inputOf = (details: object) => ({
  ...{ action: ACTION, salt: SALT, details, text: canonical(details), hash: hashOf(details) },
})

/** Makes the vectors of details. */
export const detailsVectors = (): Vector[] => [
  ...GOOD.map(([name, details]) => vector('details', name, inputOf(details))),
  ...BAD.map(([name, details]) =>
    vector('details', name, { ...inputOf(ORDER), details }, 'input_invalid'),
  ),
  ...WRONG.map(([name, reason, wrong]) =>
    vector('details', name, { ...inputOf(ORDER), text: ORDER_TEXT, ...wrong }, reason),
  ),
]

const PLAIN: Statement = {
  ...{ v: 2, iss: ISSUER, sub: 'alice', purpose: 'step_up', scope: 'orders:refund' },
  ...{ nonce: SALT, exp: NOW + 300, epoch: 0 },
}
const BOUND: Statement = { ...PLAIN, details: ORDER, action: ACTION, salt: SALT }
const STATEMENTS: [name: string, statement: Statement, hashed: Statement][] = [
  ['without details', PLAIN, PLAIN],
  ['with details', BOUND, BOUND],
  ['with empty details', { ...BOUND, details: {} }, { ...BOUND, details: {} }],
  ['of no scope', { ...PLAIN, scope: '' }, { ...PLAIN, scope: '' }],
  ['of an enrollment', { ...PLAIN, purpose: 'enroll:f-1' }, { ...PLAIN, purpose: 'enroll:f-1' }],
  ['of letters beyond ASCII', { ...PLAIN, sub: 'zoë' }, { ...PLAIN, sub: 'zoë' }],
  ['another user', PLAIN, { ...PLAIN, sub: 'bob' }],
  ['another issuer', PLAIN, { ...PLAIN, iss: 'https://x.example' }],
  ['another scope', PLAIN, { ...PLAIN, scope: 'a:b' }],
  ['another purpose', PLAIN, { ...PLAIN, purpose: 'enroll:f-1' }],
  ['another nonce', PLAIN, { ...PLAIN, nonce: 'AAAA' }],
  ['another end', PLAIN, { ...PLAIN, exp: NOW + 301 }],
  ['another epoch', PLAIN, { ...PLAIN, epoch: 1 }],
  ['details that were left out', BOUND, PLAIN],
  ['other details', BOUND, { ...BOUND, details: { ...ORDER, amount: 26 } }],
  ['details of another action', BOUND, { ...BOUND, action: 'order.cancel' }],
  ['details with another salt', BOUND, { ...BOUND, salt: base64Url(new Uint8Array(16)) }],
  ['the hash of version 1', PLAIN, { ...PLAIN, v: undefined }],
]

/** Makes the vectors of statements. */
export const statementVectors = (): Vector[] =>
  STATEMENTS.map(([name, statement, hashed]) => {
    const challenge = webauthnChallengeOf(JSON.parse(JSON.stringify(hashed)))
    const reason = statement === hashed || canonical(statement) === canonical(hashed)
    return vector('statement', name, { statement, challenge }, reason ? null : 'challenge')
  })
