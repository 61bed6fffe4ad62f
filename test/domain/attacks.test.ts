// The table of attacks (test/attacks/README.md) against the tests that it names. What the tests show, they
// show themselves.
import { readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const TESTS = resolve('test')
/** Fewer would leave out something that is named in the threat model. */
const LEAST_ROWS = 120

const families = readFileSync(join(TESTS, 'attacks/README.md'), 'utf8')
  .split(/^## /m)
  .slice(1)
  .map((section) => {
    const [name = '', ...lines] = section.split('\n')
    const rows = lines
      .filter((line) => line.startsWith('| ') && !line.startsWith('| attack |'))
      .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '').trim()))
    return { name, rows }
  })

const sources = new Map<string, string>()
const sourceOf = (file: string): string => {
  const known = sources.get(file) ?? readFileSync(join(TESTS, file), 'utf8')
  sources.set(file, known)
  return known
}

/** Returns the texts in backquotes in a cell. */
const quoted = (cell: string): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text)

const QUOTES = ["'", '"', '`']
/** Returns whether a source has a text as a literal of its own. */
const holds = (source: string, text: string): boolean =>
  QUOTES.some((quote) => source.includes(quote + text + quote))

/** Returns whether a source has a test of this name: `it('…',`, or the second call of a parametrised one. */
const isTest = (source: string, title: string): boolean =>
  QUOTES.some((quote) =>
    source
      .split(`${quote}${title}${quote},`)
      .slice(0, -1)
      .some((before) => /(?:\bit|\))\($/.test(before.trimEnd())),
  )

describe('the table of attacks', () => {
  it('holds at least as many as were promised, each once', () => {
    const rows = families.flatMap(({ name, rows }) =>
      rows.map((row) => `${name}: ${row.join(' | ')}`),
    )
    expect(new Set(rows).size).toBe(rows.length)
    expect(rows.length).toBeGreaterThanOrEqual(LEAST_ROWS)
  })

  it.each(families)('names tests that exist: $name', ({ rows }) => {
    expect(rows.length).toBeGreaterThan(0)
    for (const row of rows) {
      const [attack = '', test = '', file = '', ...more] = row
      expect({ attack, more }).toEqual({ attack: expect.stringMatching(/\S/), more: [] })
      const [title = '', ...cases] = quoted(test)
      const source = sourceOf(file)
      expect({ file, title, called: isTest(source, title) }).toMatchObject({ called: true })
      for (const one of cases)
        expect({ file, one, is: holds(source, one) }).toMatchObject({ is: true })
    }
  })
})
