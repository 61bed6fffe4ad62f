// Named changes to what happens once: claims, tokens, and how they are spent, looked at and revoked.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const TOKENS = ['test/attacks/tokens.test.ts']
const FACTORS = ['test/procedures/factors.test.ts']
const EXCHANGE = ['test/procedures/exchange.test.ts']
const MODEL = ['test/state/subject-model.test.ts']
const SUBJECTS = ['test/state/subjects.test.ts']

export const TOKEN_CHANGES: Change[] = [
  ...changesOf('functions/state/subject/tokens.ts', TOKENS, [
    [
      'a key is claimed by everybody who asks for it',
      'WHERE excluded.ordinal > claims.ordinal',
      'WHERE true',
    ],
    [
      'a step is taken twice',
      'WHERE excluded.ordinal > claims.ordinal',
      'WHERE excluded.ordinal >= claims.ordinal',
    ],
    [
      'an older step is taken after a newer one',
      'WHERE excluded.ordinal > claims.ordinal',
      'WHERE excluded.ordinal <> claims.ordinal',
      FACTORS,
    ],
    ['a newer step is not remembered', 'ordinal = excluded.ordinal, at', 'at', FACTORS],
    ['a token that was ended lives on', '!row || row.ended_at !== null', '!row'],
    [
      'a token is good in the second in which it expires',
      "if (row.expires_at <= now) refuse('token_expired')",
      "if (row.expires_at < now) refuse('token_expired')",
    ],
    [
      'a use that named no idempotency key may be repeated without one',
      'holder !== null && earlier.holder === holder',
      'earlier.holder === holder',
    ],
    [
      'a use may be repeated by any request that names a key',
      'holder !== null && earlier.holder === holder',
      'holder !== null',
    ],
    [
      'a use may be repeated for ever',
      '!repeated || now - earlier.at > IDEMPOTENCY_WINDOW_SECONDS',
      '!repeated',
    ],
    [
      'a use may be repeated a second less',
      'now - earlier.at > IDEMPOTENCY_WINDOW_SECONDS',
      'now - earlier.at >= IDEMPOTENCY_WINDOW_SECONDS',
    ],
    [
      'a repetition is taken for the first use',
      'return { replayed: true }',
      'return { replayed: false }',
    ],
    [
      'a spent token looks unspent',
      '`token:${jti}`).toArray().length > 0',
      '`token:${jti}`).toArray().length > 1',
    ],
    ['revoking ends every token but the one', "this.#end('jti = ?'", "this.#end('jti <> ?'"],
    [
      'a factor takes the tokens of all others along, and leaves its own',
      "this.#end('factor_id = ?'",
      "this.#end('factor_id <> ?'",
    ],
    [
      'ending all tokens ends none',
      "this.#end('? = 1'",
      "this.#end('? = 0'",
      ['test/procedures/operators.test.ts'],
    ],
    [
      'a token is ended a second time',
      'WHERE ended_at IS NULL AND expires_at > ? AND ${where}',
      'WHERE expires_at > ? AND ${where}',
    ],
    [
      'a token that has expired is ended, and told of',
      'WHERE ended_at IS NULL AND expires_at > ? AND ${where}',
      'WHERE ended_at IS NULL AND ? > 0 AND ${where}',
    ],
    [
      'tokens that were ended count as live ones',
      'AS n FROM tokens WHERE ended_at IS NULL AND',
      'AS n FROM tokens WHERE',
      MODEL,
    ],
    [
      'claims are forgotten the moment that they expire',
      'const before = now - KEPT_AFTER_EXPIRY_SECONDS',
      'const before = now',
      [...SUBJECTS, ...EXCHANGE],
    ],
    [
      'claims are never forgotten',
      "'DELETE FROM claims WHERE expires_at <= ?'",
      "'DELETE FROM claims WHERE expires_at < 0 AND expires_at <= ?'",
      SUBJECTS,
    ],
    [
      'claims without an end are forgotten with the next clean-up',
      "'DELETE FROM claims WHERE expires_at <= ?'",
      "'DELETE FROM claims WHERE expires_at IS NULL OR expires_at <= ?'",
      SUBJECTS,
    ],
    [
      'tokens are never forgotten',
      "'DELETE FROM tokens WHERE expires_at <= ?'",
      "'DELETE FROM tokens WHERE expires_at < 0 AND expires_at <= ?'",
      SUBJECTS,
    ],
    [
      'nobody is woken for what expires',
      'return next === null ? undefined : next + KEPT_AFTER_EXPIRY_SECONDS',
      'return undefined',
      SUBJECTS,
    ],
  ]),
  ...changesOf('functions/state/subject/spending.ts', TOKENS, [
    [
      'a token is spent whatever method earned it',
      'if (!call.requirement.methods.includes(row.method)) {',
      'if (false) {',
    ],
    ['a reusable token is spent like a single-use one', 'if (row.single_use) {', 'if (true) {'],
    ['a single-use token is taken for a reusable one', 'if (row.single_use) {', 'if (false) {'],
    ['a use leaves no event', 'if (!replayed) ledger.history.append(used)', ''],
    [
      'a repeated use leaves an event of its own',
      'if (!replayed) ledger.history.append(used)',
      'ledger.history.append(used)',
    ],
    [
      'every use of a reusable token is an event',
      'if (first) ledger.history.append(used)',
      'if (first || true) ledger.history.append(used)',
    ],
    [
      'a refused use leaves no trace',
      "if ('refused' in answer) noteRefusal",
      'if (false) noteRefusal',
    ],
    [
      'refusals for different reasons are counted as one',
      'key: `refused:${jti}:${reason}`',
      'key: `refused:${jti}`',
    ],
    [
      'a spent token introspects as active',
      'return row.single_use === 0 || !ledger.tokens.wasSpent(jti)',
      'return true',
    ],
    [
      'a reusable token introspects as active until its first use alone',
      'return row.single_use === 0 || !ledger.tokens.wasSpent(jti)',
      'return !ledger.tokens.wasSpent(jti)',
      MODEL,
    ],
    ['a token that was ended introspects as active', '!row || row.ended_at !== null ||', '!row ||'],
    [
      'revoking leaves no event',
      'if (ledger.tokens.end(jti, now)) {',
      'if (ledger.tokens.end(jti, now) && false) {',
      MODEL,
    ],
    [
      'revoking the same token again is another event',
      'if (ledger.tokens.end(jti, now)) {',
      'if (ledger.tokens.end(jti, now) || true) {',
      MODEL,
    ],
    [
      'a change of factors takes a token of any method',
      "if (!requirement.methods.includes(row.method)) refuse('step_up_required', { requirement })",
      '',
    ],
    ['a change of factors does not use its token up', 'ledger.tokens.spend(row, now, null)', ''],
    [
      'a change of factors takes a token that was ended',
      'const row = ledger.tokens.live(spend.jti, now)',
      "const row = ledger.tokens.find(spend.jti) ?? refuse('token_revoked')",
    ],
    [
      'attempts that were refused before the object was asked are not counted',
      'tallyAttempt(ledger, failed, now)',
      '',
      ['test/procedures/passkeys.test.ts', 'test/regression/unread-attempts.test.ts'],
    ],
  ]),
]
