// The tables that say which test shows what: every test that they name is there.
import { describe, expect, it } from 'vitest'
import { missingTests, namedRows } from '../support/namedtests.ts'

const STATES = /^(?:met|partly|not met|does not apply)(?:[,:; ]|$)/

describe.each(['conformance/README.md'])('the tables of %s', (path) => {
  const rows = namedRows(path)

  it('name tests that there are', () => {
    expect(rows.length).toBeGreaterThan(20)
    expect(missingTests(rows)).toEqual([])
  })

  it('name one in every row that says met, and say why where it is not', () => {
    for (const { clause, tests, state } of rows) {
      expect(state, clause).toMatch(STATES)
      if (/^(?:met|partly)/.test(state)) expect(tests.length, clause).toBeGreaterThan(0)
      else expect(state, clause).toMatch(/: .{10}/)
      if (state.startsWith('partly')) expect(state, clause).toMatch(/: .{5}/)
    }
  })
})

it('name tests that there are in the threat model of SECURITY.md, too', () => {
  const rows = namedRows('../SECURITY.md')
  expect(rows.length).toBeGreaterThan(10)
  expect(missingTests(rows)).toEqual([])
})

it('finds out a test that there is not', () => {
  const [row] = namedRows('conformance/README.md')
  if (!row) throw new Error('no row')
  const [file = '', title = ''] = [row.tests[0]?.file, row.tests[0]?.title]
  expect(missingTests([row])).toEqual([])
  const renamed = { ...row, tests: [{ file, title: `${title} twice` }] }
  expect(missingTests([renamed])).toEqual([`${file} · ${title} twice`])
  const moved = { ...row, tests: [{ file: 'domain/nowhere.test.ts', title }] }
  expect(missingTests([moved])).toEqual([`domain/nowhere.test.ts · ${title}`])
})
