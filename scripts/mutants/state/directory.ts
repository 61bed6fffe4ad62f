// Named changes to the list of environments, the operators and the sessions of their pages.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const CONSOLE = ['test/procedures/console.test.ts']
const SETTINGS = ['test/procedures/settings.test.ts']
const OPERATORS = ['test/attacks/operators.test.ts']
const DIRECTORY = ['test/state/directory.test.ts']
const BOUNDS = ['test/attacks/bounds.test.ts']

export const DIRECTORY_CHANGES: Change[] = [
  ...changesOf('functions/state/directory/directory.ts', CONSOLE, [
    [
      'the name of a removed environment is given again',
      "if (isIn('removed_environments')) refuse('conflict', { message: REMOVED })",
      '',
      SETTINGS,
    ],
    [
      'there is no largest number of environments',
      'if (live >= ENVIRONMENT_LIMIT)',
      'if (false)',
      BOUNDS,
    ],
    [
      'names of environments are given without an end',
      "if (live + count('removed_environments') >= ENVIRONMENT_NAMES_LIMIT)",
      'if (false)',
      BOUNDS,
    ],
    ['a removal is told of again', 'if (removed.toArray().length > 0)', 'if (true)', SETTINGS],
    [
      'a removed environment stays on the list',
      "this.#sql.exec('DELETE FROM environments WHERE environment = ?', environment)",
      '',
      SETTINGS,
    ],
    [
      'the secret of the first operator stays good beside named ones',
      'if (!always && this.#operators.hasSeenPerson()) return undefined',
      '',
    ],
    [
      'the session of a page outlives its key',
      'const operator = this.operatorByKey(session.keyHash, first)\n    return operator?.id === session.operator ?',
      'const operator = this.operatorByKey(session.keyHash, first) ?? { id: session.operator, name: session.operator, automation: false, createdAt: 0 }\n    return true ?',
    ],
    ['a key for automation signs in to a page', 'if (operator.automation)', 'if (false)'],
    [
      'frequent sign-ins fill the history',
      'this.#history.countLately(signedIn, at - HOUR_SECONDS) < SIGN_INS_TOLD_PER_HOUR',
      'true',
    ],
    [
      'signing out ends nothing',
      'this.ctx.storage.transactionSync(() => this.#operators.signOut(secretHash))',
      '',
    ],
    [
      'what a key for automation was refused leaves no trace',
      'this.#tally({\n      key: `refused:${id}:${call}:${reason}`,',
      'void ({\n      key: `refused:${id}:${call}:${reason}`,',
      OPERATORS,
    ],
    [
      'naming an operator leaves no event',
      "this.#tell('operator.created', by, { id, name, automation })",
      '',
    ],
    [
      'revoking an operator leaves no event',
      "this.#tell('operator.revoked', by, { id, name })",
      '',
      DIRECTORY,
    ],
  ]),
  ...changesOf('functions/state/directory/operators.ts', CONSOLE, [
    [
      'the last person can be revoked',
      'if (seen.length === 1 && seen[0]?.id === id)',
      'if (false)',
    ],
    [
      'keys for automation count as persons',
      'one.automation === 0 && one.seen_at !== null',
      'one.seen_at !== null',
      DIRECTORY,
    ],
    [
      'a person counts before their key was used',
      'one.automation === 0 && one.seen_at !== null',
      'one.automation === 0',
      ['test/attacks/lostkey.test.ts'],
    ],
    [
      'changes of an automation key are not limited',
      "if ('refused' in counted) return counted",
      '',
      OPERATORS,
    ],
    [
      'a name is given again',
      'if (taken.length > 0 || name === FIRST_OPERATOR) {',
      'if (this.#live().some((one) => one.name === name) || name === FIRST_OPERATOR) {',
    ],
    [
      'an operator can have the name of the secret’s holder',
      'if (taken.length > 0 || name === FIRST_OPERATOR) {',
      'if (taken.length > 0) {',
    ],
    [
      'there is no largest number of operators',
      'this.#live().length >= OPERATOR_LIMIT ||',
      '',
      [...BOUNDS, ...CONSOLE],
    ],
    [
      'names of the revoked are given without end',
      '|| n >= OPERATOR_NAMES_LIMIT',
      '',
      [...BOUNDS, ...CONSOLE],
    ],
    [
      'a revoked key calls on',
      "'SELECT * FROM operators WHERE revoked_at IS NULL ORDER BY",
      "'SELECT * FROM operators ORDER BY",
    ],
    [
      'a session of a page does not end',
      'WHERE hash = ? AND expires_at > ?',
      'WHERE hash = ? AND ? > 0',
    ],
    ['an operator begins any number of sessions', 'SESSIONS_PER_OPERATOR - 1,', '9999,'],
    [
      'operators stop guarding themselves with the one who was enrolled',
      "if (!this.isGuarded()) this.#sql.exec('INSERT INTO guard VALUES (?)', now)",
      '',
      OPERATORS,
    ],
  ]),
]
