// Every regular expression of the service, the guard and the example's Worker, with texts that make slow patterns
// slow (CWE-1333). The patterns are read from the source, so that new ones are tested too.
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Label, SubjectId } from '../../contract/index.ts'

const ROOMS = [
  'contract',
  'functions',
  'client/resource',
  'examples/wallet/worker',
  'examples/wallet/shared',
]
const CHARACTERS = 50_000
/** Ample for one walk over the text; a walk from each of its places takes many times that. */
const LONGEST_MILLISECONDS = 500
/** Read from what a developer writes, once, and never from a call. */
const OF_DEVELOPERS = ['\\/+$']

/** A literal where an expression may begin; a match that does not compile is passed over. */
const LITERAL =
  /(?<=[(=:,?&|!\s])\/((?:[^/\\\n[*]|\\.|\[(?:[^\]\\\n]|\\.)*\])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])*)\/([dgimsuvy]*)(?=[.,)\s])/g

const patterns = ROOMS.flatMap((room) =>
  readdirSync(resolve(room), { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.tsx?$/.test(file) && !file.includes('node_modules'))
    .flatMap((file) => {
      const code = readFileSync(join(room, file), 'utf8').replaceAll(
        /^\s*(\/\/|\*|\/\*\*).*$/gm,
        '',
      )
      return [...code.matchAll(LITERAL)].map(([, source = '', flags = '']) => ({
        where: join(room, file),
        source,
        flags,
      }))
    }),
)

/** What is repeated, after what is begun with, before an end that fits nothing. */
const BEGINNINGS = ['', 'a', 'https://', 'Bearer ', 'application/json', 'fac_', '0x', 'details']
const PIECES = [
  'a',
  'A',
  '0',
  '1 ',
  ' ',
  '-',
  '.',
  ':',
  '=',
  '_',
  '/',
  'a ',
  'a.',
  'a-',
  '\t',
  '\u200d',
  'é',
  '%41',
]
const END = '\u0000!\n'

/** How long something takes, in milliseconds; tried again where a busy machine may have held it up. */
function shortestOf(run: () => unknown, tries = 3): number {
  const began = performance.now()
  run()
  const took = performance.now() - began
  return took < LONGEST_MILLISECONDS || tries === 1
    ? took
    : Math.min(took, shortestOf(run, tries - 1))
}

describe('the patterns in the sources', () => {
  it('are found, those known to be there among them', () => {
    const sources = patterns.map(({ source }) => source)
    expect(patterns.length).toBeGreaterThan(40)
    for (const known of ['^Bearer +(\\S+)$', '^[a-z][a-z0-9-]{1,31}$', '^[!-~]+( [!-~]+)*$'])
      expect(sources).toContain(known)
  })

  it.each(patterns.filter(({ source }) => !OF_DEVELOPERS.includes(source)))(
    'are done with a long text in one walk: /$source/$flags in $where',
    ({ source, flags }) => {
      for (const beginning of BEGINNINGS)
        for (const piece of PIECES) {
          const text = beginning + piece.repeat(CHARACTERS / piece.length) + END
          const pattern = new RegExp(source, flags.replace('g', ''))
          expect(shortestOf(() => pattern.test(text))).toBeLessThan(LONGEST_MILLISECONDS)
        }
    },
  )
})

describe('what is long', () => {
  it.each([
    ['a label of families, joined', Label, '👨‍👩‍👧‍👦'.repeat(10_000)],
    ['a label of marks upon one letter', Label, `a${'\u0301'.repeat(60_000)}`],
    ['a user of spaces', SubjectId, ' '.repeat(60_000)],
  ])('is refused at once: %s', (_what, schema, text) => {
    expect(schema.safeParse(text).success).toBe(false)
    expect(shortestOf(() => schema.safeParse(text))).toBeLessThan(LONGEST_MILLISECONDS)
  })
})
