// Named changes to the history and to the transaction that everything of a user happens in.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const SUBJECTS = ['test/state/subjects.test.ts']
const TOKENS = ['test/attacks/tokens.test.ts']
const DIRECTORY = ['test/state/directory.test.ts']
const OPERATORS = ['test/procedures/operators.test.ts']

export const RECORD_CHANGES: Change[] = [
  ...changesOf('functions/state/history.ts', SUBJECTS, [
    [
      'what was counted is not written before the next event',
      'this.flush(happening.at)\n    this.#append',
      'this.#append',
      TOKENS,
    ],
    [
      'what was counted is written before it is due',
      'WHERE due_at <= ?',
      'WHERE due_at <= ? + 99999',
    ],
    ['what was counted says one', 'DO UPDATE SET count = count + 1,', 'DO UPDATE SET', TOKENS],
    [
      'what was counted is written again and again',
      "this.#sql.exec('DELETE FROM tallies WHERE key = ?', row.key)",
      '',
      TOKENS,
    ],
    [
      'trimming forgets the hash of what it removed',
      "this.#sql.exec('UPDATE chain SET anchor_seq = ?, anchor_hash = ?', last.seq, last.hash)",
      '',
    ],
    ['nothing is trimmed', 'if (!last) return', 'return'],
    [
      'history has no largest length',
      'seq - HISTORY_MAX_EVENTS,',
      '0,',
      ['test/attacks/bounds.test.ts', ...SUBJECTS],
    ],
    [
      'cutting off the newest events does not show',
      'if (reached !== chain.seq || head !== chain.head)',
      'if (false)',
    ],
    [
      'a broken chain verifies',
      'if (brokenAt !== undefined) return { intact: false, count, head, brokenAt }',
      '',
    ],
    [
      'every page of a history is its first',
      'before ?? Number.MAX_SAFE_INTEGER,',
      'Number.MAX_SAFE_INTEGER,',
      OPERATORS,
    ],
    [
      'a history says it goes on where it ends',
      'oldest.seq > this.#chain().anchor_seq + 1',
      'true',
      DIRECTORY,
    ],
    [
      'verifying begins at the first event every time',
      'const from = Math.max(after ?? 0, chain.anchor_seq)',
      'const from = chain.anchor_seq',
      DIRECTORY,
    ],
    [
      'events follow the first hash, not the last',
      '{ seq: seq + 1, previous: head }',
      '{ seq: seq + 1, previous: GENESIS_HASH }',
    ],
  ]),
  ...changesOf('functions/state/subject/ledger.ts', SUBJECTS, [
    [
      'a change that is refused is half done',
      'this.#storage.transactionSync(() => {\n          for (const key',
      '(<X>(f: () => X) => f())(() => {\n          for (const key',
      ['test/state/subject-model.test.ts'],
    ],
    [
      'a user who was only asked about leaves a trace',
      'get exists(): boolean {\n',
      'get exists(): boolean {\n    if (!this.#made) { this.#made = true; this.#storage.sql.exec("CREATE TABLE IF NOT EXISTS notes (key TEXT PRIMARY KEY, value TEXT NOT NULL)"); this.factors.ensure(); this.tokens.ensure(); this.history.ensure() }\n',
    ],
    ['nobody is woken to clean up', 'void this.#storage.setAlarm(at * 1000)', ''],
    [
      'a removed environment keeps what it knew of its users',
      'await this.#storage.deleteAll()',
      '',
      ['test/procedures/settings.test.ts'],
    ],
    [
      'enrollments that a recovery code opened outlive the codes',
      'this.factors.endPending(RECOVERY_FACTOR_ID)',
      '',
      ['test/procedures/factors.test.ts'],
    ],
    [
      'a user has another handle with every enrollment',
      'if (known) return known',
      '',
      ['test/procedures/passkeys.test.ts'],
    ],
    [
      'the days that the environment keeps are not known when it is time to trim',
      "const keepDays = this.note('keepDays')",
      'const keepDays = 4000',
    ],
  ]),
  ...changesOf(
    'functions/state/counts.ts',
    ['test/procedures/stats.test.ts', ...DIRECTORY],
    [
      [
        'counting again replaces the count',
        'count = count + excluded.count',
        'count = excluded.count',
      ],
      ['counts are never forgotten', 'now - keepSeconds,', '0,'],
      [
        'counts of every range are added up',
        'WHERE bucket_seconds = ? AND at >= ?',
        'WHERE ? > 0 AND at >= ?',
      ],
    ],
  ),
]
