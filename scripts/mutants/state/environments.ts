// Named changes to environments: their settings, keys and copies, and the sessions that they believe.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are texts of the source
import { type Change, changesOf } from '../change.ts'

const ENVIRONMENTS = ['test/state/environments.test.ts']
const SETTINGS = ['test/procedures/settings.test.ts']
const SESSIONS = ['test/attacks/sessions.test.ts']
const CALLERS = ['test/attacks/callers.test.ts']
const PASSKEYS = ['test/procedures/passkeys.test.ts']

export const ENVIRONMENT_CHANGES: Change[] = [
  ...changesOf('functions/state/environment/environment.ts', ENVIRONMENTS, [
    [
      'a removed environment comes back under its name',
      "if (this.isRemoved()) refuse('conflict', { message: REMOVED })",
      '',
      [...SETTINGS, ...ENVIRONMENTS],
    ],
    ['the last save wins', 'checkVersion(document.version, version)', ''],
    ['saving does not count the version up', 'version = version + 1', 'version = version'],
    [
      'a new key signs before anybody can fetch it',
      'compromised ? now : now + PUBLISH_AHEAD_SECONDS',
      'now',
    ],
    [
      'after a compromise the other keys stay',
      'if (compromised) this.#signingKeys.replaceAll(key)',
      'if (false) this.#signingKeys.replaceAll(key)',
    ],
    [
      'a resource key is made for an audience that is not the environment’s',
      'if (!settings.audiences.includes(audience)) {',
      'if (false) {',
      [...CALLERS, ...ENVIRONMENTS, 'test/attacks/door.test.ts'],
    ],
    [
      'an environment can be removed twice, and the end of its history is lost',
      'if (before) return before',
      '',
      SETTINGS,
    ],
    [
      'removing leaves the settings and keys where they were',
      'for (const table of TABLES) this.#sql.exec(`DROP TABLE IF EXISTS ${table}`)',
      '',
      SETTINGS,
    ],
    [
      'changes of an environment leave no event',
      'this.#history.append({ type, actor: `operator:${operator}`, at: now, data })',
      '',
      ['test/procedures/operators.test.ts'],
    ],
    [
      'a data key that the last root secret sealed stays so',
      "this.#sql.exec(\n      'UPDATE document SET sealed_data_key = ?',",
      "void ((..._x: unknown[]) => 0)(\n      'UPDATE document SET sealed_data_key = ?',",
    ],
    [
      'the root secret before the last opens nothing',
      'const before =\n      previousRootSecret &&',
      'const before =\n      undefined && previousRootSecret &&',
    ],
    [
      'a revoked resource key is told of and not revoked',
      'this.#resourceKeys.revoke(id)',
      '',
      CALLERS,
    ],
  ]),
  ...changesOf('functions/state/environment/signing-keys.ts', ENVIRONMENTS, [
    ['two keys wait to sign at once', 'if (hasNextKey(this.ring(), now)) {', 'if (false) {'],
    ['a key never leaves', 'retirementOf(key.signsAt),', 'null,'],
    ['a compromised key stays', "this.#sql.exec('DELETE FROM signing_keys')", ''],
  ]),
  ...changesOf('functions/state/environment/resource-keys.ts', CALLERS, [
    [
      'there is no largest number of resource keys',
      'if (this.#rows().length >= RESOURCE_KEY_LIMIT) {',
      'if (false) {',
      ['test/attacks/bounds.test.ts', ...ENVIRONMENTS],
    ],
    [
      'revoking a key that is not there is a success',
      'if (gone.toArray().length === 0) {',
      'if (false) {',
      [...CALLERS, ...ENVIRONMENTS, 'test/attacks/operators.test.ts', 'test/attacks/door.test.ts'],
    ],
  ]),
  ...changesOf('functions/state/environment/credentials.ts', ENVIRONMENTS, [
    [
      'two users enroll one passkey',
      'if (others.toArray().length > 0) return false',
      '',
      [...ENVIRONMENTS, ...PASSKEYS],
    ],
    [
      'a credential that is given back takes a later enrollment along',
      'AND factor_id = ? AND holder = ?',
      'AND ? IS NOT NULL AND holder = ?',
    ],
    [
      'one user gives back what another one holds',
      'AND factor_id = ? AND holder = ?',
      'AND factor_id = ? AND ? IS NOT NULL',
      [...ENVIRONMENTS, ...PASSKEYS],
    ],
  ]),
  ...changesOf('functions/edge/environment.ts', ENVIRONMENTS, [
    ['a copy of any age is used', '!copy || age > STAND_IN_SECONDS ||', '!copy ||'],
    ['no copy is used', '!copy || age > STAND_IN_SECONDS ||', 'true ||'],
    [
      'a copy that a clock far ahead confirmed is used',
      'age < -CLOCK_TOLERANCE_SECONDS',
      'false',
      ['test/state/faults.test.ts'],
    ],
    [
      'an isolate keeps what it knows of an environment for an hour',
      'export const KEPT_SECONDS = 20',
      'export const KEPT_SECONDS = 3600',
    ],
    [
      'sealed private keys are in the copy',
      'const copy: Published = { version,',
      'const copy = { ring, version,',
    ],
    [
      'an id that names nothing is asked for with every request',
      'unknown.set(id, true, now)',
      '',
      ['test/state/faults.test.ts'],
    ],
    ['the key that signs is always the first', 'currentKey(ring, epochSeconds())', 'ring[0]'],
  ]),
  ...changesOf('functions/edge/sessions.ts', SESSIONS, [
    [
      'a session that was verified for one environment is good in another',
      '`${environment.id}:${environment.version}:${toBase64Url(sha256(utf8(token)))}`',
      '`${environment.version}:${toBase64Url(sha256(utf8(token)))}`',
    ],
    [
      'a session that was verified outlives a change of the settings',
      '`${environment.id}:${environment.version}:${toBase64Url(sha256(utf8(token)))}`',
      '`${environment.id}:${toBase64Url(sha256(utf8(token)))}`',
    ],
    [
      'a session that was verified outlives its end',
      'if (known && known.expiresAt + CLOCK_TOLERANCE_SECONDS > now) return known',
      'if (known) return known',
    ],
    ['a key set may send the service elsewhere', "redirect: 'manual'", "redirect: 'follow'"],
    [
      'a key set of any length is read',
      'if (length > KEY_SET_MAX_BYTES) return new Response(null, { status: 502 })',
      '',
    ],
    [
      'a key set that cannot be had is the fault of the token',
      "return refuse('unavailable', {\n    message: \"The key set",
      "return refuse('unauthenticated', {\n    message: \"The key set",
    ],
    [
      'a key that is not in the set is the fault of the issuer',
      'if (cause instanceof errors.JWKSNoMatchingKey || cause instanceof errors.JWKSMultipleMatchingKeys)\n    throw cause',
      '',
    ],
    [
      'a key set is renewed as often as forged tokens come',
      'sinceTry >= KEY_SET_COOLDOWN_SECONDS',
      'sinceTry >= 0',
    ],
    [
      'environments share the key sets that they fetched',
      'const name = `${id}:${version}:${source.jwksUri}`',
      'const name = source.jwksUri',
    ],
  ]),
]
