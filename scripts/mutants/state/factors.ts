// Named changes to factors: how they are kept, changed and removed, and what goes with them.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const FACTORS = ['test/procedures/factors.test.ts']
const PASSKEYS = ['test/procedures/passkeys.test.ts']
const RECOVERY = ['test/procedures/recovery.test.ts']
const TOKENS = ['test/attacks/tokens.test.ts']
const OPERATORS = ['test/procedures/operators.test.ts']
const MODEL = ['test/state/subject-model.test.ts']
const FLOODING = ['test/attacks/flooding.test.ts']
const SUBJECTS = ['test/state/subjects.test.ts']
const BOUNDS = ['test/attacks/bounds.test.ts']

export const FACTOR_CHANGES: Change[] = [
  ...changesOf('functions/state/subject/factors.ts', FACTORS, [
    [
      'codes are checked against any factor but the default',
      'own.find((row) => row.is_default) ??',
      '',
    ],
    [
      'codes are checked against the factor used least',
      'lastUsed(b) > lastUsed(a)',
      'lastUsed(b) < lastUsed(a)',
    ],
    [
      'one more factor is taken than the limit says',
      'this.confirmed(kind).length >= FACTOR_LIMITS[kind]',
      'this.confirmed(kind).length > FACTOR_LIMITS[kind]',
    ],
    [
      'one more enrollment is pending than the limit says',
      'PENDING_ENROLLMENT_LIMIT - 1,',
      'PENDING_ENROLLMENT_LIMIT,',
    ],
    [
      'the newest enrollment gives way, not the oldest',
      'ORDER BY linked_by IS ?, created_at DESC, rowid DESC LIMIT',
      'ORDER BY linked_by IS ?, created_at, rowid LIMIT',
    ],
    [
      'another session pushes out an enrollment',
      'ORDER BY linked_by IS ?, created_at DESC',
      'ORDER BY ? IS NULL, created_at DESC',
      FLOODING,
    ],
    [
      'an enrollment is confirmed as another kind of factor',
      "if (row?.kind !== kind) refuse('factor_not_found')",
      "if (!row) refuse('factor_not_found')",
      MODEL,
    ],
    ['a factor is confirmed twice', 'if (row.confirmed_at !== null)', 'if (false)'],
    [
      'an enrollment is confirmed in the second in which it ends',
      'if ((row.expires_at ?? 0) <= now)',
      'if ((row.expires_at ?? 0) < now)',
    ],
    [
      'no factor is the default',
      'const isDefault = this.confirmed().length === 0 ? 1 : 0',
      'const isDefault = 0',
    ],
    [
      'removing a factor ends every pending enrollment',
      "'DELETE FROM factors WHERE confirmed_at IS NULL AND (? IS NULL OR linked_by = ?)'",
      "'DELETE FROM factors WHERE confirmed_at IS NULL AND (? IS NULL OR ? IS NOT NULL)'",
    ],
    ['the default goes with its factor to nobody', 'if (!row.is_default) return', 'return'],
    [
      'a recovery code is spent any number of times',
      'AND spent_at IS NULL AND epoch >= ?',
      'AND epoch >= ?',
      RECOVERY,
    ],
    [
      'recovery codes of before a restore are good',
      'AND spent_at IS NULL AND epoch >= ?',
      'AND spent_at IS NULL AND ? >= 0',
      TOKENS,
    ],
    [
      'new recovery codes leave the old ones good',
      "this.#sql.exec('DELETE FROM recovery_codes')\n    for",
      'for',
      RECOVERY,
    ],
    [
      'a reset leaves the recovery codes',
      "this.#sql.exec('DELETE FROM recovery_codes')\n  }",
      '}',
      [...OPERATORS, ...RECOVERY],
    ],
    [
      'spent recovery codes count as left',
      'SUM(spent_at IS NULL AND epoch >= ?)',
      'SUM(epoch >= ?)',
      RECOVERY,
    ],
    [
      'enrollments that were never confirmed stay',
      "'DELETE FROM factors WHERE confirmed_at IS NULL AND expires_at <= ?'",
      "'DELETE FROM factors WHERE confirmed_at IS NULL AND expires_at < 0 AND expires_at <= ?'",
      ['test/state/subjects.test.ts'],
    ],
    [
      'enrollments that have expired count as pending',
      "AS n FROM factors WHERE confirmed_at IS NULL AND expires_at > ?'",
      "AS n FROM factors WHERE confirmed_at IS NULL AND ? > 0'",
      [...OPERATORS, ...FACTORS],
    ],
    [
      'all factors become the default',
      "'UPDATE factors SET is_default = (id = ?)'",
      "'UPDATE factors SET is_default = (id <> ?)'",
    ],
  ]),
  ...changesOf('functions/state/subject/factor-changes.ts', FACTORS, [
    [
      'renaming is not counted',
      'countSessionChange(ledger, call.session, now)\n    ledger',
      'ledger',
      BOUNDS,
    ],
    [
      'the default is changed without a token',
      'const { jti } = spendOwn(ledger, call.gate, now)\n    ledger.factors.setDefault',
      "const jti = ''\n    ledger.factors.setDefault",
    ],
    [
      'the last factor goes by a recovery code',
      'const gate = last ? gateOfLast(call.gate) : call.gate',
      'const gate = call.gate',
    ],
    [
      'every factor counts as the last one',
      '!ledger.factors.hasOther(row.id, call.who.rpId)',
      'true',
      FACTORS,
    ],
    ['enrollments that a factor opened outlive it', 'ledger.factors.endPending(row.id)', ''],
    [
      'tokens of a factor outlive it',
      'const endedTokens = ledger.tokens.endOfFactor(row.id, now)',
      'const endedTokens = 0',
      TOKENS,
    ],
    [
      'the claim of a factor that was removed stays for ever',
      'ledger.tokens.forgetClaim(totpClaimKey(row.id))',
      '',
      SUBJECTS,
    ],
    ['a removed passkey is good for no other user', 'released = heldBy([row])', '', PASSKEYS],
    [
      'removing a factor leaves no event',
      "ledger.history.append({\n      type: 'factor.removed',",
      "void ({\n      type: 'factor.removed',",
      MODEL,
    ],
    [
      'new recovery codes leave the tokens of the old ones alive',
      'const endedTokens = ledger.endRecovery(now)',
      'const endedTokens = 0',
      TOKENS,
    ],
    [
      'recovery codes are made for who never enrolled',
      "if (!ledger.note('enrolled')) refuse('enrollment_required')",
      '',
      MODEL,
    ],
    [
      'acknowledging again is another event',
      "if (!ledger.note('acknowledged')) {",
      'if (true) {',
      RECOVERY,
    ],
    [
      'codes that are not there are acknowledged',
      'if (ledger.factors.countCodes(who.epoch).total === 0)',
      'if (false)',
      RECOVERY,
    ],
    ['a factor is kept under its old name', 'ledger.factors.rename(row.id, call.label)', ''],
  ]),
  ...changesOf('functions/state/subject/overview.ts', OPERATORS, [
    [
      'unlocking does not unlock',
      "ledger.setNote('attempts', forgive(ledger.note('attempts'), now))",
      '',
    ],
    ['a reset leaves the factors', 'ledger.factors.removeAll()', ''],
    ['a reset leaves the user enrolled', "ledger.setNote('enrolled', false)", ''],
    ['a reset leaves codes acknowledged', "ledger.setNote('acknowledged', false)", '', RECOVERY],
    [
      'a reset leaves the tokens alive',
      'const endedTokens = ledger.tokens.endAll(now)\n    ledger.history.append({\n',
      'const endedTokens = 0\n    ledger.history.append({\n',
      [...OPERATORS, ...TOKENS],
    ],
    [
      'a reset keeps the passkeys from everybody else',
      'released: heldBy(rows),',
      'released: [],',
      PASSKEYS,
    ],
    ['ending tokens leaves the pending enrollments', 'ledger.factors.endPending()', '', FACTORS],
    [
      'an observed action leaves no trace',
      'if (!required) return false',
      'return false',
      ['test/state/subjects.test.ts'],
    ],
  ]),
  ...changesOf('functions/state/subject/subject.ts', FACTORS, [
    [
      'a token that opened no change of factors leaves no trace',
      "if ('refused' in answered && gate.spend",
      'if (false && gate.spend',
      ['test/regression/refused-link-token.test.ts', ...TOKENS],
    ],
    [
      'the users of a removed environment are kept',
      'if (removed) await this.#ledger.remove()',
      'if (false) await this.#ledger.remove()',
      ['test/procedures/settings.test.ts'],
    ],
    ['no credential is given back', 'if (released.length > 0)', 'if (false)', PASSKEYS],
  ]),
]
