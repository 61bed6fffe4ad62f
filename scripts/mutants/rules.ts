// A build for each rule that always holds (DESIGN calls them so; SECURITY.md tells them), weakened in
// that rule: the tests must catch every one.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import type { Change } from './change.ts'

/** In the order of the rules, one for each. */
export const WEAKENED_RULES: Change[] = [
  {
    name: '1 the server decides: a guard that cannot ask lets the call through',
    replacements: [
      {
        file: 'client/resource/guard.ts',
        text: 'decide(workings, call).catch(block)',
        by: "decide(workings, call).catch((cause) => cause instanceof GuardRefusal && cause.reason !== 'unavailable' ? block(cause) : ({ allowed: true, by: 'policy', decision: undefined }) as never)",
      },
    ],
    tests: ['test/attacks/guard.test.ts'],
  },
  {
    name: '2 once means once: what others write during an await is lost',
    replacements: [
      {
        file: 'functions/state/subject.ts',
        text: `  consume(call: spending.ConsumeCall) {
    return`,
        by: `  async consume(call: spending.ConsumeCall) {
    if (this.#ledger.exists && !this.#ledger.tokens.wasSpent(call.jti)) {
      await scheduler.wait(1)
      this.#ledger.tokens.forgetClaim('token:' + call.jti)
    }
    return`,
      },
    ],
    tests: ['test/attacks/tokens.test.ts'],
  },
  {
    name: '3 an attempt is counted before it is checked: wrong codes are counted for TOTP alone',
    replacements: [
      {
        file: 'functions/state/attempts.ts',
        text: "ledger.setNote('attempts', counted)",
        by: "if (told.data.method !== 'recovery') ledger.setNote('attempts', counted)",
      },
    ],
    tests: ['test/procedures/recovery.test.ts'],
  },
  {
    name: '4 a TOTP step is accepted once and in order: an older one is taken after a newer one',
    replacements: [
      {
        file: 'functions/state/tokens.ts',
        text: 'WHERE excluded.ordinal > claims.ordinal',
        by: 'WHERE excluded.ordinal <> claims.ordinal',
      },
    ],
    tests: ['test/procedures/factors.test.ts'],
  },
  {
    name: '5 a challenge belongs to its purpose: one of an enrollment steps up',
    replacements: [
      {
        file: 'functions/domain/challenge.ts',
        text: ' ||\n    statement.purpose !== context.purpose',
        by: '',
      },
    ],
    tests: ['test/procedures/passkeys.test.ts'],
  },
  {
    name: '6 changing factors needs a step-up: a session alone enrolls a second factor',
    replacements: [
      {
        file: 'functions/state/enrollment.ts',
        text: "ledger.note('enrolled')\n      ? openedByToken",
        by: 'call.gate.spend\n      ? openedByToken',
      },
    ],
    tests: ['test/procedures/factors.test.ts'],
  },
  {
    name: '7 never weaker in silence: an entry that cannot be evaluated does not count',
    replacements: [
      {
        file: 'functions/domain/strengthen.ts',
        text: "verdicts[index]?.outcome !== 'unmatched'",
        by: "verdicts[index]?.outcome === 'matched'",
      },
    ],
    tests: ['test/procedures/conditions.test.ts'],
  },
  {
    name: '8 what a factor produced ends with it: its tokens live on',
    replacements: [
      {
        file: 'functions/state/changes.ts',
        text: 'ledger.tokens.endOfFactor(row.id, now)',
        by: '0',
      },
    ],
    tests: ['test/attacks/tokens.test.ts'],
  },
  {
    name: '9 no environment accepts what another issued: one name is one user in all of them',
    replacements: [
      {
        file: 'functions/domain/names.ts',
        text: "hashParts('countersign/subject/v1', environment, subject)",
        by: "hashParts('countersign/subject/v1', subject)",
      },
    ],
    tests: ['test/attacks/sessions.test.ts'],
  },
  {
    name: '10 secrets at rest are sealed: they are stored as they are',
    replacements: [
      {
        file: 'functions/domain/seal.ts',
        text: '[nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]',
        by: '[nonce, secret, cipher.final(), nonce, nonce.subarray(0, 4)]',
      },
      {
        file: 'functions/domain/seal.ts',
        text: '  decipher.setAAD(lengthPrefixed(...place))',
        by: '  if (purpose) return bytes.slice(NONCE_BYTES, -TAG_BYTES)\n  decipher.setAAD(lengthPrefixed(...place))',
      },
    ],
    tests: ['test/conformance/clauses.test.ts'],
  },
  {
    name: '11 the copy may be stale for five minutes: one of any age stands in',
    replacements: [
      {
        file: 'functions/state/published.ts',
        text: '!copy || age > STAND_IN_SECONDS ||',
        by: '!copy ||',
      },
    ],
    tests: ['test/state/environments.test.ts'],
  },
  {
    name: '12 a key signs after verifiers could fetch it: a new one signs at once',
    replacements: [
      {
        file: 'functions/state/environment.ts',
        text: 'compromised ? now : now + PUBLISH_AHEAD_SECONDS',
        by: 'now',
      },
    ],
    tests: ['test/state/environments.test.ts'],
  },
  {
    name: '13 the history can be verified: the hash of an event leaves out what happened',
    replacements: [
      {
        file: 'functions/domain/audit.ts',
        text: 'canonical({ seq, at, type, actor, data })',
        by: 'canonical({ seq, at, type, actor })',
      },
    ],
    tests: ['test/state/subjects.test.ts'],
  },
  {
    name: '14 bad input gets a reason: input of another form is an outage',
    replacements: [
      {
        file: 'functions/trpc.ts',
        text: "  BAD_REQUEST: 'input_invalid',\n",
        by: '',
      },
    ],
    tests: ['test/attacks/door.test.ts'],
  },
  {
    name: '15 a raised restore epoch refuses all of before: tokens of before are good',
    replacements: [
      {
        file: 'functions/domain/token.ts',
        text: "if (owned.claims.epoch !== epoch) refuse('token_revoked')",
        by: '',
      },
    ],
    tests: ['test/attacks/tokens.test.ts'],
  },
]
