// Builds of the Worker that are broken on purpose, to show that the proof would find it: texts of the
// source and what stands in their place. They are applied to a copy, never to the source itself.
import { type Replacement, replaceIn } from '../replacement.ts'

/** Which build of the Worker: as it is, or broken in one way. */
export type Build = 'none' | Weakening

/** How a build is weakened: so that races show it, or so that crashes do. */
export type Weakening = RaceWeakening | CrashWeakening
export type RaceWeakening = 'kv' | 'await' | 'proofs'
export type CrashWeakening = 'late' | 'torn' | 'counts'

/** A token's claim is written, but no longer decides: whoever calls has decided already. */
const CLAIM_DECIDES_NOTHING: Replacement = {
  file: 'functions/state/tokens.ts',
  text: 'if (this.claim({ key, expiresAt: row.expires_at }, now, holder)) return { replayed: false }',
  by: 'if (this.claim({ key, expiresAt: row.expires_at }, now, holder) || true) return { replayed: false }',
}
const REFUSAL_IS_IMPORTED: Replacement = {
  file: 'functions/state/subject.ts',
  text: "import { type Answer, answering, answeringLater } from '../domain/refusal.ts'",
  by: "import { type Answer, answering, answeringLater, refusal } from '../domain/refusal.ts'",
}

/** The object's verb, deciding by steps before the transaction. */
const consumeAfter = (steps: string): Replacement => ({
  file: 'functions/state/subject.ts',
  text: `  consume(call: spending.ConsumeCall) {
    return answering(() => spending.consume(this.#ledger, call))`,
  by: `  async consume(call: spending.ConsumeCall) {
${steps}
    return answering(() => spending.consume(this.#ledger, call))`,
})

/** The object's verb, deciding by what was used up before an await: what others wrote meanwhile is lost. */
const decidedLate = (verb: string, call: string, answer = 'answering'): Replacement => ({
  file: 'functions/state/subject.ts',
  text: `  ${verb}(call: stepup.${call}) {
    return ${answer}(`,
  by: `  async ${verb}(call: stepup.${call}) {
    const { sql } = this.ctx.storage
    const rowsOf = (text: string) => (this.#ledger.exists ? sql.exec(text).toArray() : [])
    const claims = rowsOf('SELECT * FROM claims')
    const unspent = rowsOf('SELECT hash FROM recovery_codes WHERE spent_at IS NULL')
    await scheduler.wait(1)
    rowsOf('DELETE FROM claims')
    for (const row of claims) sql.exec('INSERT INTO claims VALUES (?, ?, ?, ?, ?)', ...Object.values(row))
    for (const { hash } of unspent) sql.exec('UPDATE recovery_codes SET spent_at = NULL WHERE hash = ?', hash ?? null)
    return ${answer}(`,
})

/** How much later the builds that crashes show write what they should have written at once. */
const LATE_MILLISECONDS = 1_000

const WEAKENINGS: Record<Weakening, { told: string; replacements: Replacement[] }> = {
  kv: {
    told: 'claims through KV, for tokens',
    replacements: [
      CLAIM_DECIDES_NOTHING,
      REFUSAL_IS_IMPORTED,
      consumeAfter(`    const { published } = readBindings(this.env)
    if (await published.get('spent:' + call.jti)) return { refused: refusal('token_used') }
    await published.put('spent:' + call.jti, '1')`),
    ],
  },
  await: {
    told: 'an await between read and write, for tokens',
    replacements: [
      CLAIM_DECIDES_NOTHING,
      REFUSAL_IS_IMPORTED,
      consumeAfter(`    if (this.#ledger.tokens.wasSpent(call.jti)) return { refused: refusal('token_used') }
    await scheduler.wait(1)`),
    ],
  },
  proofs: {
    told: 'an await between read and write, for codes, challenges and assertions',
    replacements: [
      decidedLate('stepUpTotp', 'TotpCall'),
      decidedLate('stepUpRecovery', 'RecoveryCall'),
      decidedLate('stepUpPasskey', 'PasskeyCall', 'answeringLater'),
      decidedLate('exchange', 'ExchangeCall'),
    ],
  },
  late: {
    told: 'a consumption is acknowledged before it is written',
    replacements: [
      {
        file: 'functions/state/subject.ts',
        text: '    return answering(() => spending.consume(this.#ledger, call))',
        by: `    if (this.#ledger.tokens.wasSpent(call.jti)) return answering(() => spending.consume(this.#ledger, call))
    setTimeout(() => spending.consume(this.#ledger, call), ${LATE_MILLISECONDS})
    return { replayed: false }`,
      },
    ],
  },
  counts: {
    told: "a passkey's count is not compared with the one before",
    replacements: [
      {
        file: 'functions/state/stepup.ts',
        text: 'if (counterFault(credential.counter, shown.counter)) {',
        by: 'if (counterFault(0, shown.counter)) {',
      },
    ],
  },
  torn: {
    told: 'an event is written after the change that it tells of',
    replacements: [
      {
        file: 'functions/state/spending.ts',
        text: 'if (!replayed) ledger.history.append(used)',
        by: `if (!replayed) setTimeout(() => ledger.history.append(used), ${LATE_MILLISECONDS})`,
      },
    ],
  },
}

/** The builds in which simultaneous presentations must find doubles. */
export const WEAKENING_NAMES: RaceWeakening[] = ['kv', 'await', 'proofs']
/** What crashes must find of each build: something lost, or something accepted twice. */
export const FOUND_BY: Record<CrashWeakening, 'lost' | 'double'> = {
  late: 'lost',
  torn: 'lost',
  counts: 'double',
}
/** The builds in which crashes must find that. */
export const CRASH_WEAKENING_NAMES: CrashWeakening[] = ['late', 'torn', 'counts']

/** What a weakening does, in a few words. */
export const toldOf = (weakening: Weakening): string => WEAKENINGS[weakening].told

/**
 * Weakens a copy of the source.
 *
 * @param folder where the copy of `functions/` stands
 * @throws Complaint where a text to replace does not stand there exactly once
 * @example weaken(folder, 'kv')
 */
export function weaken(folder: string, weakening: Weakening): void {
  replaceIn(folder, WEAKENINGS[weakening].replacements, `The weakened build "${weakening}"`)
}
