// The tables of a README that name tests: rows of the form | clause | `file` · title | state |, several
// tests in one cell with <br> between them. A file is named from test/ on. Not looked at: whether a test
// shows what its row says.
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const TESTS = join(dirname(fileURLToPath(import.meta.url)), '..')
const NAMED = /^`([^`]+\.test\.tsx?)` · (.+)$/

/** A row: what it is about, the tests that it names, and what it says of them. */
export interface NamedRow {
  clause: string
  tests: { file: string; title: string }[]
  state: string
}

/**
 * The rows of all tables whose second column is `test`.
 *
 * @param path of the README, from test/ on
 * @throws Error for a row of another form
 * @example namedRows('conformance/README.md')
 */
export function namedRows(path: string): NamedRow[] {
  const rows: NamedRow[] = []
  let inTable = false
  for (const line of readFileSync(join(TESTS, path), 'utf8').split('\n')) {
    const cells = cellsOf(line)
    if (cells.length === 0) inTable = false
    else if (cells[1] === 'test') inTable = true
    else if (inTable && !/^-+$/.test(cells[0] ?? '')) rows.push(rowOf(cells, line))
  }
  return rows
}

const cellsOf = (line: string): string[] =>
  line.startsWith('|')
    ? line
        .split(/(?<!\\)\|/)
        .slice(1, -1)
        .map((cell) => cell.trim())
    : []

function rowOf(cells: string[], line: string): NamedRow {
  const [clause = '', named = '', state = '', ...rest] = cells
  const tests = named.split('<br>').flatMap((one) => {
    if (one === '') return []
    const [, file, title] = NAMED.exec(one) ?? []
    if (!file || !title) throw new Error(`names no test: ${line}`)
    return [{ file, title }]
  })
  if (!clause || !state || rest.length > 0) throw new Error(`is no row: ${line}`)
  return { clause, tests, state }
}

/** The tests of some rows that are not where they are said to be, as `file · title`. */
export function missingTests(rows: readonly NamedRow[]): string[] {
  const tests = rows.flatMap((row) => row.tests)
  return tests
    .filter(({ file, title }) => !hasTest(sourceOf(file), title))
    .map(({ file, title }) => `${file} · ${title}`)
}

function sourceOf(file: string): string {
  try {
    return readFileSync(join(TESTS, file), 'utf8')
  } catch {
    return ''
  }
}

/** Whether a source has a text that is exactly this, as a test's title is. */
const hasTest = (source: string, title: string): boolean =>
  ["'", '"', '`'].some((quote) =>
    source.includes(quote + title.replaceAll(quote, `\\${quote}`) + quote),
  )
