// Creates the list of attacks for reviewers, test/attacks/README.md, from the names of the tests.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join, relative, resolve } from 'node:path'

const TESTS = resolve(import.meta.dirname, '..')

/** Where the list is kept. */
export const ATTACK_LIST = join(TESTS, 'attacks/README.md')

/** The files and folders in which attacks are tried, as the beginnings of their paths below `test/`. */
const ATTACKING = [
  ...['attacks/', 'prove/', 'regression/', 'state/', 'browser/origins.', 'conformance/clauses.'],
  ...['domain/condition-cost.', 'domain/conditions.', 'domain/patterns.', 'domain/throttle.'],
  ...[
    'procedures/authorize.',
    'procedures/conditions.',
    'procedures/console.',
    'procedures/exchange.',
  ],
  ...['procedures/factors.', 'procedures/passkeys.', 'procedures/recovery.'],
  ...['wallet/binding.', 'wallet/requests.'],
]

const INTRODUCTION = `<!-- Written by \`npm run generate\` from the names of the tests; never edited. -->

# Attacks and the tests that try them

For reviewers of the security of Countersign: every test of the files that attack it, a section for each
file. [SECURITY.md](../../SECURITY.md) says which section belongs to which attacker. An ellipsis is a value
that the test draws from a table: its file holds the cases. To run one section:

    npx vitest run test/attacks/tokens.test.ts

Where a test says that an answer gives nothing away by the time it takes, it counts the work that is done for
it: a clock would measure the machine.
`

/** A test, as \`vitest list\` knows it without running its file. */
interface ListedTest {
  file: string
  name: string
}

/** Returns the text of the list. */
export function attackList(): string {
  const files = Map.groupBy(attackingTests(), ({ file }) => file)
  const sections = [...files].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(sectionOf)
  return [INTRODUCTION, ...sections].join('\n')
}

function attackingTests(): ListedTest[] {
  const command = ['node_modules/vitest/vitest.mjs', 'list', '--json']
  // A vitest that is started by a test must not take itself for a worker of the other one.
  const { VITEST, ...env } = process.env
  const listed: ListedTest[] = JSON.parse(
    execFileSync(process.execPath, command, {
      ...{ cwd: resolve(TESTS, '..'), env, encoding: 'utf8', maxBuffer: 2 ** 26 },
    }),
  )
  const tests = listed.map(({ file, name }) => ({ file: relative(TESTS, file), name }))
  return ATTACKING.flatMap((path) => {
    const own = tests.filter(({ file }) => file.startsWith(path))
    // A file that was renamed must not disappear from the list.
    if (own.length === 0) throw new Error(`no test is in test/${path}: correct the path`)
    return own
  })
}

function sectionOf([file, tests]: [string, ListedTest[]]): string {
  const subjects = Map.groupBy(tests, ({ name }) => name.split(' > ').slice(0, -1).join(', '))
  const lines = [...subjects].flatMap(([subject, own]) => {
    const titles = own.map(({ name }) => `- ${textOf(name.split(' > ').at(-1) ?? '')}`)
    return subject ? [`- ${textOf(subject)}`, ...titles.map((title) => `  ${title}`)] : titles
  })
  const [folder, name] = file.replace(/\.test\.tsx?$/, '').split('/')
  const heading = `## ${folder}: ${name}\n\n[${file}](../${file})`
  return `${heading}\n\n${commentOf(file)}\n\n${lines.join('\n')}\n`
}

/** Returns the comment at the beginning of a file, which says what its tests are about. */
function commentOf(file: string): string {
  const lines = readFileSync(join(TESTS, file), 'utf8').split('\n')
  const comment = lines.slice(
    0,
    lines.findIndex((line) => !line.startsWith('//')),
  )
  return escaped(comment.map((line) => line.replace(/^\/\/ ?/, '')).join('\n'))
}

const textOf = (name: string): string =>
  escaped(
    name.replaceAll(/\\(?=["'`])/g, '').replaceAll(/%[sdifjo#]|\$\{[^}]*\}|\$\w+(?:\.\w+)*/g, '…'),
  )
const escaped = (text: string): string => text.replaceAll(/[*<]|(?<!\w)_|_(?!\w)/g, '\\$&')
