// Every test that a clause in test/conformance/README.md names exists. Whether the test shows what the clause
// requires is for a reader to judge.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'

const TESTS = resolve('test')
const STATES = /^(?:met|partly|not met|does not apply)(?:[,:; ]|$)/

/** Rows of the form | clause | `file` · title<br>`file` · title | state |. */
const rows = readFileSync(resolve(TESTS, 'conformance/README.md'), 'utf8')
  .split(/^\| clause .*\n.*\n/m)
  .slice(1)
  .flatMap((table) => table.split('\n').filter((line) => line.startsWith('|')))
  .map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()))
  .map(([, clause = '', named = '', state = '', ...rest]) => {
    expect(rest, clause).toEqual([''])
    return { clause, tests: named.split('<br>').filter(Boolean), state }
  })

const sources = new Map(
  globSync('**/*.test.{ts,tsx}', { cwd: TESTS }).map((file) => [
    file,
    readFileSync(resolve(TESTS, file), 'utf8'),
  ]),
)

/** Whether a file has a literal that is exactly the title, as the title of a test is. */
function exists(test: string): boolean {
  const [, file = '', title = ''] = /^`([^`]+)` · (.+)$/.exec(test) ?? []
  const isIn = (source: string) =>
    ["'", '"', '`'].some((quote) =>
      source.includes(quote + title.replaceAll(quote, `\\${quote}`) + quote),
    )
  return title !== '' && isIn(sources.get(file) ?? '')
}

it('every test that a clause names exists', () => {
  const tests = rows.flatMap(({ tests }) => tests)
  expect(tests.length).toBeGreaterThan(100)
  expect(tests.filter((test) => !exists(test))).toEqual([])
})

it('a test under another title or in another file does not exist', () => {
  const [test = ''] = rows.flatMap(({ tests }) => tests)
  expect(exists(`${test} twice`)).toBe(false)
  expect(exists(test.replace('.test.ts', '-moved.test.ts'))).toBe(false)
})

it('a clause that is met names a test, and one that is not says why', () => {
  for (const { clause, tests, state } of rows) {
    expect(state, clause).toMatch(STATES)
    if (/^(?:met|partly)/.test(state)) expect(tests.length, clause).toBeGreaterThan(0)
    if (!state.startsWith('met')) expect(state, clause).toMatch(/: .{5}/)
  }
})
