// Named changes to how a factor is enrolled.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const FACTORS = ['test/procedures/factors.test.ts']
const PASSKEYS = ['test/procedures/passkeys.test.ts']
const RECOVERY = ['test/procedures/recovery.test.ts']
const MODEL = ['test/state/subject-model.test.ts']
const FAULTS = ['test/state/faults.test.ts']
const BOUNDS = ['test/attacks/bounds.test.ts']

export const ENROLLMENT_CHANGES: Change[] = [
  ...changesOf('functions/state/subject/enrollment.ts', FACTORS, [
    [
      'a session alone enrolls a further factor',
      "ledger.note('enrolled')\n      ? openedByToken(ledger, call.gate, now)\n      : openedFirst",
      'false\n      ? openedByToken(ledger, call.gate, now)\n      : openedFirst',
    ],
    [
      'an old session enrolls the first factor',
      "if ('refused' in first) refuse(first.refused.reason, first.refused)",
      "if ('refused' in first) return { linkedBy: null, jti: undefined }",
      MODEL,
    ],
    [
      'first enrollments of a session are not counted',
      'countSessionChange(ledger, session, now)\n  for',
      'for',
      BOUNDS,
    ],
    [
      'an assertion opens any number of enrollments',
      'if (!ledger.tokens.claim(claim, now))\n      refuse',
      'if (false)\n      refuse',
    ],
    [
      'an enrollment does not know which factor opened it',
      'linkedBy: row.factor_id',
      'linkedBy: null',
    ],
    [
      'the code that confirms is good again',
      '{ key: totpClaimKey(factorId), ordinal: step, expiresAt: null }',
      '{ key: totpClaimKey(factorId), ordinal: 1, expiresAt: null }',
    ],
    [
      'more TOTP factors are confirmed than a user may have',
      "ledger.factors.checkLimit('totp')",
      '',
    ],
    ['more enrollments are started than fit', 'ledger.factors.checkLimit(call.kind)', ''],
    ['other enrollments outlive the first factor', 'ledger.factors.endPending()\n    ', ''],
    ['nobody is ever enrolled', "ledger.setNote('enrolled', true)", ''],
    [
      'every factor brings new recovery codes',
      'first && withCodes ? issueCodes',
      'withCodes ? issueCodes',
      RECOVERY,
    ],
    [
      'recovery codes come where the environment offers none',
      'first && withCodes ? issueCodes',
      'first ? issueCodes',
      RECOVERY,
    ],
    [
      'new recovery codes count as acknowledged',
      "ledger.setNote('acknowledged', false)",
      '',
      RECOVERY,
    ],
    [
      'confirming leaves no event',
      "ledger.history.append({\n    type: 'factor.confirmed',",
      "void ({\n    type: 'factor.confirmed',",
      MODEL,
    ],
    [
      'starting an enrollment leaves no event',
      "ledger.history.append({\n      type: 'enrollment.started',",
      "void ({\n      type: 'enrollment.started',",
      MODEL,
    ],
    [
      'a passkey of another user is enrolled',
      "if (!(await register.claim(held))) throw new PasskeyFailure('credential_taken')",
      'await register.claim(held)',
      PASSKEYS,
    ],
    [
      'a passkey that was not enrolled stays taken',
      'if (!enrolled) await register.release([held])',
      '',
      PASSKEYS,
    ],
    [
      'one challenge enrolls twice',
      "if (!ledger.tokens.claim(challengeClaim(call.statement), now)) refuse('challenge_used')",
      '',
      MODEL,
    ],
    [
      'a passkey is enrolled twice by one user',
      "if (holds(ledger, credential.credentialId)) throw new PasskeyFailure('credential_taken')",
      '',
      PASSKEYS,
    ],
    [
      'a passkey is confirmed that was ended during its verification',
      "const row = ledger.factors.pending(call.factorId, 'passkey', now)\n    ledger",
      "const row = ledger.factors.find(call.factorId) ?? { kind: 'passkey' }\n    ledger",
      FAULTS,
    ],
    [
      'confirmations of passkeys are not counted in advance',
      "return 'refused' in attempt ? attempt : { attempt }",
      'return { attempt: attempt as PasskeyAttempt }',
      PASSKEYS,
    ],
  ]),
]
