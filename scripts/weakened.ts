// Weakened builds. Each breaks one of the security rules (docs/security.md). The tests, the races of `prove:once`
// or the crashes of `prove:crash` must catch every build, or they would prove nothing.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Replacement, replaceIn } from './replacement.ts'

/** A build of the source with one weakness. */
export interface Weakened {
  /** The name on the command line. */
  name: string
  /** The number of the rule that it breaks. */
  rule: number
  /** Describes the fault of this build. */
  breaks: string
  replacements: Replacement[]
  caughtBy: Catcher
}

/** The means that must catch a build. */
export type Catcher =
  /** A failing test in one of these files. */
  | { tests: string[] }
  /** Races, in which tokens or the other single-use things are accepted more than once. */
  | { races: 'tokens' | 'others' }
  /** Crashes, after which something acknowledged is lost, or something is accepted twice. */
  | { crashes: 'lost' | 'double' }

/** A build that one kind of catcher must catch. */
export type WeakenedBy<K extends string> = Weakened & {
  caughtBy: Extract<Catcher, Record<K, unknown>>
}

const SUBJECT = 'functions/state/subject/subject.ts'
const TOKENS = 'functions/state/subject/tokens.ts'
const CONSUME = `  consume(call: spending.ConsumeCall) {
    return`
const CONSUME_RETURNS = '    return answering(() => spending.consume(this.#ledger, call))'
/** The delay of a write in the builds that crashes must catch. */
const LATE_MILLISECONDS = 1_000

/** Weakens a consumption: the claim of a token is written, but these steps before the transaction decide. */
const decidedBy = (steps: string): Replacement[] => [
  [
    TOKENS,
    'if (this.claim({ key, expiresAt: row.expires_at }, now, requestHash)) return { replayed: false }',
    'if (this.claim({ key, expiresAt: row.expires_at }, now, requestHash) || true) return { replayed: false }',
  ],
  [
    SUBJECT,
    "import { type Answer, answering, answeringLater } from '../../domain/refusal.ts'",
    "import { type Answer, answering, answeringLater, refusal } from '../../domain/refusal.ts'",
  ],
  [
    SUBJECT,
    CONSUME,
    `${CONSUME.replace('consume', 'async consume').replace('return', steps)}\n    return`,
  ],
]

/** Weakens a method: it decides by the claims before an await, and so loses claims that others write meanwhile. */
const decidedEarly = (verb: string, call: string, answer = 'answering'): Replacement => [
  SUBJECT,
  `  ${verb}(call: ${call}) {
    return ${answer}(`,
  `  async ${verb}(call: ${call}) {
    const { sql } = this.ctx.storage
    const rowsOf = (text: string) => (this.#ledger.exists ? sql.exec(text).toArray() : [])
    const claims = rowsOf('SELECT * FROM claims')
    const unspent = rowsOf('SELECT hash FROM recovery_codes WHERE spent_at IS NULL')
    await scheduler.wait(1)
    rowsOf('DELETE FROM claims')
    for (const row of claims) sql.exec('INSERT INTO claims VALUES (?, ?, ?, ?, ?)', ...Object.values(row))
    for (const { hash } of unspent) sql.exec('UPDATE recovery_codes SET spent_at = NULL WHERE hash = ?', hash ?? null)
    return ${answer}(`,
]

/** All weakened builds, in the order of the rules. */
export const WEAKENED: readonly Weakened[] = [
  {
    name: 'outage-allows',
    rule: 1,
    breaks: 'a guard that cannot ask the server lets the call through',
    replacements: [
      [
        'client/resource/guard.ts',
        'Promise.reject(cause).catch(options.dpop?.rethrow).catch(block)',
        "cause instanceof GuardRefusal && cause.reason !== 'unavailable' ? block(cause) : ({ allowed: true, by: 'policy', decision: undefined }) as never",
      ],
    ],
    caughtBy: { tests: ['test/attacks/guard.test.ts'] },
  },
  {
    name: 'lost-claim',
    rule: 2,
    breaks: 'a consumption loses what others write during an await',
    replacements: [
      [
        SUBJECT,
        CONSUME,
        `  async consume(call: spending.ConsumeCall) {
    if (this.#ledger.exists && !this.#ledger.tokens.wasSpent(call.jti)) {
      await scheduler.wait(1)
      this.#ledger.tokens.forgetKey('token:' + call.jti)
    }
    return`,
      ],
    ],
    caughtBy: { tests: ['test/attacks/tokens.test.ts'] },
  },
  {
    name: 'kv',
    rule: 2,
    breaks: 'claims through KV, for tokens',
    replacements: decidedBy(`const { PUBLISHED } = this.env
    if (await PUBLISHED.get('spent:' + call.jti)) return { refused: refusal('token_used') }
    await PUBLISHED.put('spent:' + call.jti, '1')`),
    caughtBy: { races: 'tokens' },
  },
  {
    name: 'await',
    rule: 2,
    breaks: 'an await between read and write, for tokens',
    replacements:
      decidedBy(`if (this.#ledger.tokens.wasSpent(call.jti)) return { refused: refusal('token_used') }
    await scheduler.wait(1)`),
    caughtBy: { races: 'tokens' },
  },
  {
    name: 'proofs',
    rule: 2,
    breaks: 'an await between read and write, for codes, challenges, assertions and DPoP proofs',
    replacements: [
      decidedEarly('stepUpTotp', 'stepup.TotpCall'),
      decidedEarly('stepUpRecovery', 'stepup.RecoveryCall'),
      decidedEarly('stepUpPasskey', 'PasskeyCall', 'answeringLater'),
      decidedEarly('exchange', 'stepup.ExchangeCall'),
      decidedEarly('consume', 'spending.ConsumeCall'),
    ],
    caughtBy: { races: 'others' },
  },
  {
    name: 'proof-again',
    rule: 2,
    breaks: 'a DPoP proof is checked and not claimed',
    replacements: [
      [
        TOKENS,
        'if (this.claim(singleUseKey, now, requestHash)) return',
        'if (this.claim(singleUseKey, now, requestHash) || true) return',
      ],
    ],
    caughtBy: { tests: ['test/attacks/proofs.test.ts'] },
  },
  {
    name: 'remembered-claims',
    rule: 2,
    breaks: 'whether a token was used is decided from the memory of an object',
    replacements: [
      [
        TOKENS,
        'readonly #sql: SqlStorage',
        'readonly #sql: SqlStorage\n  readonly #used = new Set<string>()',
      ],
      [
        TOKENS,
        'return claimed.toArray().length === 1',
        `if (!key.startsWith('token:')) return claimed.toArray().length === 1
    const isFirst = !this.#used.has(key)
    this.#used.add(key)
    return isFirst`,
      ],
    ],
    caughtBy: { tests: ['test/attacks/reopened.test.ts'] },
  },
  {
    name: 'late',
    rule: 2,
    breaks: 'a consumption is acknowledged before it is written',
    replacements: [
      [
        SUBJECT,
        CONSUME_RETURNS,
        `    if (this.#ledger.tokens.wasSpent(call.jti)) return answering(() => spending.consume(this.#ledger, call))
    setTimeout(() => spending.consume(this.#ledger, call), ${LATE_MILLISECONDS})
    return { replayed: false }`,
      ],
    ],
    caughtBy: { crashes: 'lost' },
  },
  {
    name: 'counts',
    rule: 2,
    breaks: "a passkey's count is not compared with the one before",
    replacements: [
      [
        'functions/state/subject/passkey-step-up.ts',
        'if (counterFault(credential.counter, shown.counter)) {',
        'if (counterFault(0, shown.counter)) {',
      ],
    ],
    caughtBy: { crashes: 'double' },
  },
  {
    name: 'uncounted-recovery',
    rule: 3,
    breaks: 'wrong recovery codes are not counted before they are checked',
    replacements: [
      [
        'functions/state/subject/attempts.ts',
        "ledger.setNote('attempts', counted)",
        "if (failed.data.method !== 'recovery') ledger.setNote('attempts', counted)",
      ],
    ],
    caughtBy: { tests: ['test/procedures/recovery.test.ts'] },
  },
  {
    name: 'remembered-attempts',
    rule: 3,
    breaks: 'wrong codes are counted by what an object has in memory',
    replacements: [['functions/state/subject/notes.ts', '      this.#read = undefined\n', '']],
    caughtBy: { tests: ['test/attacks/guessing.test.ts'] },
  },
  {
    name: 'older-step',
    rule: 4,
    breaks: 'a TOTP step is accepted after a newer one',
    replacements: [
      [
        TOKENS,
        'WHERE excluded.ordinal > claims.ordinal',
        'WHERE excluded.ordinal <> claims.ordinal',
      ],
    ],
    caughtBy: { tests: ['test/procedures/factors.test.ts'] },
  },
  {
    name: 'any-purpose',
    rule: 5,
    breaks: 'the challenge of an enrollment steps up',
    replacements: [
      [
        'functions/domain/tokens/challenge.ts',
        ' ||\n    statement.purpose !== context.purpose',
        '',
      ],
    ],
    caughtBy: { tests: ['test/procedures/passkeys.test.ts'] },
  },
  {
    name: 'other-details',
    rule: 5,
    breaks: 'a token is accepted for details that it is not bound to',
    replacements: [
      [
        'contract/shared/token-use.ts',
        "if (bound && canonical(bound) !== details?.spelling) return ['details_mismatch']",
        "if (bound && !canonical(bound)) return ['details_mismatch']",
      ],
    ],
    caughtBy: { tests: ['test/domain/token.test.ts'] },
  },
  {
    name: 'session-enrolls',
    rule: 6,
    breaks: 'a session without a step-up enrolls a second factor',
    replacements: [
      [
        'functions/state/subject/enrollment.ts',
        "ledger.note('enrolled')\n      ? openedByToken",
        'call.gate.spend\n      ? openedByToken',
      ],
    ],
    caughtBy: { tests: ['test/procedures/factors.test.ts'] },
  },
  {
    name: 'skipped-entry',
    rule: 7,
    breaks: 'an entry that cannot be evaluated does not count',
    replacements: [
      [
        'functions/domain/policy/strengthen.ts',
        "verdicts[index]?.outcome !== 'unmatched'",
        "verdicts[index]?.outcome === 'matched'",
      ],
    ],
    caughtBy: { tests: ['test/procedures/conditions.test.ts'] },
  },
  {
    name: 'tokens-outlive-factor',
    rule: 8,
    breaks: 'the tokens of a removed factor live on',
    replacements: [
      ['functions/state/subject/factor-changes.ts', 'ledger.tokens.endOfFactor(row.id, now)', '0'],
    ],
    caughtBy: { tests: ['test/attacks/tokens.test.ts'] },
  },
  {
    name: 'shared-users',
    rule: 9,
    breaks: 'one name is one user in all environments',
    replacements: [
      [
        'functions/domain/names.ts',
        "hashParts('countersign/subject/v1', environment, subject)",
        "hashParts('countersign/subject/v1', subject)",
      ],
    ],
    caughtBy: { tests: ['test/attacks/sessions.test.ts'] },
  },
  {
    name: 'plain-secrets',
    rule: 10,
    breaks: 'secrets are stored as they are',
    replacements: [
      [
        'functions/domain/seal.ts',
        '[nonce, cipher.update(secret), cipher.final(), cipher.getAuthTag()]',
        '[nonce, secret, cipher.final(), nonce, nonce.subarray(0, 4)]',
      ],
      [
        'functions/domain/seal.ts',
        '  decipher.setAAD(lengthPrefixed(...context))',
        '  if (purpose) return bytes.slice(NONCE_BYTES, -TAG_BYTES)\n  decipher.setAAD(lengthPrefixed(...context))',
      ],
    ],
    caughtBy: { tests: ['test/conformance/clauses.test.ts'] },
  },
  {
    name: 'old-copy',
    rule: 11,
    breaks: 'a published copy of any age is used while the object does not answer',
    replacements: [
      ['functions/edge/environment.ts', '!copy || age > PUBLISHED_COPY_SECONDS ||', '!copy ||'],
    ],
    caughtBy: { tests: ['test/state/environments.test.ts'] },
  },
  {
    name: 'new-key-signs',
    rule: 12,
    breaks: 'a new key signs before verifiers could have fetched it',
    replacements: [
      [
        'functions/state/environment/environment.ts',
        'compromised ? now : now + PUBLISH_AHEAD_SECONDS',
        'now',
      ],
    ],
    caughtBy: { tests: ['test/state/environments.test.ts'] },
  },
  {
    name: 'hash-without-data',
    rule: 13,
    breaks: 'the hash of an event leaves out what happened',
    replacements: [
      [
        'functions/domain/history/audit.ts',
        'canonical({ seq, at, type, actor, data })',
        'canonical({ seq, at, type, actor })',
      ],
    ],
    caughtBy: { tests: ['test/state/subjects.test.ts'] },
  },
  {
    name: 'any-checkpoint',
    rule: 13,
    breaks: 'a history counts as grown since every checkpoint',
    replacements: [
      [
        'functions/state/history.ts',
        "since: part.intact ? this.#compare(since) : 'broken'",
        "since: this.#compare(since) && 'intact'",
      ],
    ],
    caughtBy: { tests: ['test/procedures/checkpoints.test.ts'] },
  },
  {
    name: 'unread-checkpoints',
    rule: 13,
    breaks: 'the stored checkpoints of a history are not compared with it',
    replacements: [
      [
        'functions/domain/history/checkpoint.ts',
        '(signed.events !== found.events || signed.head !== found.head)',
        'signed.events < 0',
      ],
    ],
    caughtBy: { tests: ['test/procedures/checkpoints.test.ts'] },
  },
  {
    name: 'torn',
    rule: 13,
    breaks: 'an event is written after the change that it records',
    replacements: [
      [
        'functions/state/subject/spending.ts',
        'if (!replayed) ledger.history.append(used)',
        `if (!replayed) setTimeout(() => ledger.history.append(used), ${LATE_MILLISECONDS})`,
      ],
    ],
    caughtBy: { crashes: 'lost' },
  },
  {
    name: 'input-outage',
    rule: 14,
    breaks: 'malformed input is refused as an outage',
    replacements: [
      [
        'functions/routes/call-procedure.ts',
        "refuse('input_invalid', describe",
        "refuse('unavailable', describe",
      ],
    ],
    caughtBy: { tests: ['test/attacks/requests.test.ts'] },
  },
  {
    name: 'earlier-epoch',
    rule: 15,
    breaks: 'tokens from before the restore epoch was raised are accepted',
    replacements: [
      [
        'functions/domain/tokens/token.ts',
        "if (owned.claims.epoch !== epoch) refuse('token_revoked')",
        '',
      ],
    ],
    caughtBy: { tests: ['test/attacks/tokens.test.ts'] },
  },
]

/**
 * Returns the builds that one kind of catcher must catch.
 *
 * @example weakenedBy('races').map(({ name }) => name) // ['kv', 'await', 'proofs']
 */
export const weakenedBy = <K extends 'tests' | 'races' | 'crashes'>(kind: K): WeakenedBy<K>[] =>
  WEAKENED.filter((build): build is WeakenedBy<K> => kind in build.caughtBy)

/**
 * Weakens a copy of the source, never the source itself.
 *
 * @param folder the folder of the copy
 * @returns a function that restores the copy
 * @throws Complaint if a file does not contain a text to replace exactly once
 */
export const weaken = (
  folder: string,
  { name, replacements }: Pick<Weakened, 'name' | 'replacements'>,
): (() => void) => replaceIn(folder, replacements, `The weakened build "${name}"`)
