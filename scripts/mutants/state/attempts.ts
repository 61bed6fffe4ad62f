// Named changes to step-ups and to what is counted before it is checked.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const RECOVERY = ['test/procedures/recovery.test.ts']
const FACTORS = ['test/procedures/factors.test.ts']
const PASSKEYS = ['test/procedures/passkeys.test.ts']
const EXCHANGE = ['test/procedures/exchange.test.ts']
const SUBJECTS = ['test/state/subjects.test.ts']
const FLOODING = ['test/attacks/flooding.test.ts']
const RACES = ['test/attacks/factors.test.ts']

export const ATTEMPT_CHANGES: Change[] = [
  ...changesOf('functions/state/subject/attempts.ts', RECOVERY, [
    ['no attempt is counted', "ledger.setNote('attempts', counted)", ''],
    ['a user who must wait is let through', 'if (barred) {', 'if (false) {'],
    [
      'a right code stays counted as a failure',
      "ledger.setNote('attempts', takeBack(counted, now, steppedUp))",
      '',
      [...FACTORS, ...RECOVERY],
    ],
    [
      'the code that confirms a factor ends a row of failures',
      'takeBack(counted, now, steppedUp)',
      'takeBack(counted, now, true)',
      FACTORS,
    ],
    [
      'a code that steps up ends no row of failures',
      'takeBack(counted, now, steppedUp)',
      'takeBack(counted, now, false)',
    ],
    [
      'a wrong code leaves no event',
      "ledger.history.append({ type: told.type, actor: 'subject', at: now, data })",
      '',
      SUBJECTS,
    ],
    [
      'every refusal of a user who must wait is an event',
      'ledger.history.tally({\n      key: `barred:${barred.reason}`,',
      'ledger.history.append({',
      SUBJECTS,
    ],
    [
      'a failure does not say how many attempts are left',
      'refusal(tried.wrong, { attemptsLeft: attemptsLeft(counted, now) })',
      'refusal(tried.wrong)',
    ],
    [
      'passkey failures of a session are not counted',
      "ledger.setNote('passkeyFailuresBySession', windows)\n  const all",
      'const all',
      PASSKEYS,
    ],
    [
      'passkey failures of a user are not counted',
      "if (!flooded) ledger.setNote('passkeyFailures', all)",
      '',
      FLOODING,
    ],
    [
      'a passkey that verified stays counted as a failure',
      "ledger.setNote('passkeyFailuresBySession', windows)\n  if (!flooded) ledger.setNote('passkeyFailures', takeBackWithin",
      "if (!flooded) ledger.setNote('passkeyFailures', takeBackWithin",
      PASSKEYS,
    ],
    [
      'what a session may change alone is not counted',
      "ledger.setNote('changesBySession', windows)\n  ledger.setNote('sessionChanges', all)",
      '',
      ['test/attacks/bounds.test.ts'],
    ],
    [
      'why a ceremony failed is not recorded',
      "ledger.history.append({ type, actor: 'subject', at: now, data })",
      '',
      PASSKEYS,
    ],
  ]),
  ...changesOf('functions/state/subject/step-up.ts', FACTORS, [
    [
      'a TOTP step is not claimed',
      'right.claims.every((claim) => ledger.tokens.claim(claim, now))',
      'right.claims.length > 0',
    ],
    [
      'a recovery code is right without being spent',
      'if (ledger.factors.spendCode(hash, epoch, now)) return',
      'if (ledger.factors.hasCode?.(hash) ?? true) return',
      RECOVERY,
    ],
    [
      'a recovery code that was used is called wrong',
      "wrong: ledger.factors.codeWasSpent(hash) ? 'code_already_used' : 'invalid_code'",
      "wrong: 'invalid_code'",
      RECOVERY,
    ],
    [
      'a user without codes is told that theirs is wrong, and it is counted',
      "if (ledger.factors.countCodes(epoch).total === 0) refuse('enrollment_required')",
      '',
      RECOVERY,
    ],
    [
      'a challenge is not claimed',
      'if (!ledger.tokens.claim(challengeClaim(statement), now))',
      'if (false)',
      PASSKEYS,
    ],
    [
      'passkey attempts are not counted in advance',
      "if ('refused' in attempt) return attempt\n    const row",
      "if ('refused' in attempt) throw new Error('too many')\n    const row",
      PASSKEYS,
    ],
    [
      'a response is taken whose two ids differ',
      ' && response.rawId === response.id)',
      ')',
      PASSKEYS,
    ],
    [
      'a passkey that was removed during its verification steps up',
      "if (!row) return recordFault(ledger, attempt, 'unknown_credential', now)",
      'if (!row) return accept(ledger, call, passkeyProof(factorId, false, now, []), now)',
      RACES,
    ],
    [
      'a counter is not looked at again when the answer is accepted',
      'if (counterFault(credential.counter, shown.counter)) {',
      'if (false) {',
      PASSKEYS,
    ],
    [
      'the counter of a passkey is not stored',
      '      ...shown,\n      rpId',
      '      rpId',
      PASSKEYS,
    ],
    [
      'a passkey step-up stays counted as a failure',
      'takeBackPasskey(ledger, attempt)\n    ledger.setNote',
      'ledger.setNote',
      PASSKEYS,
    ],
    [
      'a passkey step-up does not end the lock of codes',
      "ledger.setNote('attempts', forgive(ledger.note('attempts'), now))",
      '',
      PASSKEYS,
    ],
    [
      'an assertion is not claimed',
      'if (ledger.tokens.claim(claim, now)) continue',
      'if (ledger.tokens.claim(claim, now) || true) continue',
      EXCHANGE,
    ],
    [
      'a replayed assertion leaves no event',
      "tallyAttempt(\n        ledger,\n        { type: 'step_up.failed', method: 'assertion'",
      "void (\n        ledger,\n        { type: 'step_up.failed', method: 'assertion'",
      EXCHANGE,
    ],
    [
      'a proof that is older than the rule allows earns a token',
      'if (expiresAt <= now)',
      'if (false)',
      EXCHANGE,
    ],
    [
      'a token of several scopes is written down under one',
      "scope: order.scopes.join(' ')",
      'scope: order.scopes[0]',
      ['test/attacks/tokens.test.ts', 'test/procedures/factors.test.ts'],
    ],
    [
      'a single-use token is written down as reusable',
      'single_use: order.singleUse ? 1 : 0',
      'single_use: 0',
      ['test/attacks/tokens.test.ts'],
    ],
    ['the use of a factor is not remembered', 'ledger.factors.touch(proof.factorId, now)', ''],
    [
      'the last step-up is not remembered',
      "ledger.setNote('lastStepUpAt', now)",
      '',
      ['test/procedures/conditions.test.ts'],
    ],
    [
      'a step-up leaves no event',
      "ledger.history.append({\n    type: 'step_up.passed',",
      "void ({\n    type: 'step_up.passed',",
      ['test/procedures/mainjob.test.ts', 'test/procedures/recovery.test.ts'],
    ],
  ]),
]
