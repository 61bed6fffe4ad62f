// Plain English: no source, documentation or page uses a phrase of the list below.
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

/** A space, or a line break with the comment mark that begins the next line. */
const GAP = '(?:[ \\t]+|[ \\t]*\\n[ \\t]*(?:(?://|\\*|#|>)[ \\t]*)?)'
const PHRASES = new RegExp(
  [
    'who[e]ver',
    `(?:is|are)${GAP}none`,
    'ane[w]',
    `tells?${GAP}of`,
    `stands?${GAP}(?:in|here|beside)`,
  ]
    .map((phrase) => `\\b${phrase}\\b`)
    .join('|'),
  'gi',
)

const uses = (text: string): string[] =>
  [...text.matchAll(PHRASES)].map(({ 0: phrase, index }) => {
    const line = text.slice(0, index).split('\n').length
    return `line ${line}: ${phrase}`
  })

const files = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' })
  .split('\0')
  .filter((file) => /\.(?:tsx?|mjs|css|md|html|toml)$/.test(file) && existsSync(file))

const found = new Map(
  files
    .map((file) => [file, uses(readFileSync(file, 'utf8'))] as const)
    .filter(([, lines]) => lines.length > 0),
)

describe('the check of wording', () => {
  it.each([
    ['Who', 'ever asks'],
    ['there is', ' none'],
    ['they are\n   * ', 'none'],
    ['made a', 'new'],
    ['tells', ' of it'],
    ['what stands\n// ', 'in a file'],
    ['no schema stands', ' here'],
    ['they stand', ' beside it'],
  ])('finds a phrase in %j and %j', (...parts) => {
    expect(uses(parts.join(''))).toHaveLength(1)
  })

  it.each(['is nonetheless', 'a new file', 'tells officers', 'stands inside', 'stands\n\nin'])(
    'finds nothing in %j',
    (text) => {
      expect(uses(text)).toEqual([])
    },
  )
})

describe('source, documentation and pages', () => {
  it('use none of the phrases', () => {
    expect(Object.fromEntries(found)).toEqual({})
  })
})
