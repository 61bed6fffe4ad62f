// The proof of `npm run prove:once` at a small size: the unchanged Worker accepts everything exactly once, and
// the same measurement catches weakened builds.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, it } from 'vitest'
import {
  allOnce,
  hasDoubles,
  prove,
  type Tally,
  weakenedPartOf,
} from '../../scripts/prove/proof.ts'
import { ROOT } from '../../scripts/variables.ts'
import { weaken, weakenedBy } from '../../scripts/weakened.ts'
import { runScript } from '../start/support/commands.ts'

const TIMEOUT = 180_000
const PRESENTATIONS = 25
const BUILDS = weakenedBy('races')
const { signal } = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'countersign-weaken-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

const answersOf = ({ others }: Tally): number => [...others.values()].reduce((sum, n) => sum + n, 0)

it(
  `lets exactly one of ${PRESENTATIONS} simultaneous presentations through, whatever is presented`,
  async () => {
    const size = { tokens: 40, others: 10, presentations: PRESENTATIONS }
    const tallies = await prove({ size, signal })
    expect(tallies.map(({ kind, subjects, once }) => [kind, subjects, once])).toEqual([
      ['elevated token', 40, 40],
      ['TOTP step', 10, 10],
      ['recovery code', 10, 10],
      ['passkey challenge', 10, 10],
      ['assertion', 10, 10],
      ['DPoP proof', 10, 10],
    ])
    expect(tallies.map(({ others }) => [...others.keys()].sort())).toEqual([
      ['token_used'],
      ['code_already_used', 'rate_limited'],
      ['code_already_used', 'rate_limited'],
      ['challenge_used'],
      ['assertion_invalid'],
      ['proof_used'],
    ])
    for (const tally of tallies)
      expect(tally.once + answersOf(tally)).toBe(tally.subjects * PRESENTATIONS)
    expect(allOnce(tallies)).toBe(true)
    expect(hasDoubles(tallies)).toBe(false)
  },
  TIMEOUT,
)

it.for(BUILDS.map((build) => [build.name, build] as const))(
  'finds doubles in the build weakened by: %s',
  { timeout: TIMEOUT },
  async ([, build]) => {
    const size = weakenedPartOf(build, { tokens: 15, others: 5, presentations: PRESENTATIONS })
    const tallies = await prove({ build, size, signal })
    expect(tallies).toHaveLength(build.name === 'proofs' ? 5 : 1)
    expect(hasDoubles(tallies), build.breaks).toBe(true)
    expect(allOnce(tallies)).toBe(false)
  },
)

it('takes nothing for proved where nothing was presented, or an answer was lost', () => {
  expect(allOnce([])).toBe(false)
  expect(hasDoubles([])).toBe(false)
  expect(allOnce([{ subjects: 2, once: 2, odd: 0 }])).toBe(true)
  expect(allOnce([{ subjects: 2, once: 2, odd: 1 }])).toBe(false)
  expect(allOnce([{ subjects: 2, once: 1, odd: 0 }])).toBe(false)
})

it.for([
  ['kv', 'functions/state/subject/tokens.ts'],
  ['await', 'functions/state/subject/tokens.ts'],
  ['proofs', 'functions/state/subject/subject.ts'],
] as const)('fails loudly where the source no longer holds what %s replaces', ([name, path]) => {
  const copy = join(folder, name)
  cpSync(`${ROOT}functions`, join(copy, 'functions'), { recursive: true })
  const file = join(copy, path)
  const text = readFileSync(file, 'utf8').replace(/return \{ replayed: false \}|stepUpTotp\(/, '')
  writeFileSync(file, text)
  const build = BUILDS.filter((one) => one.name === name)
  expect(build).toHaveLength(1)
  expect(() => build.map((one) => weaken(copy, one))).toThrow(`${path} contains 0 times`)
})

it.for([
  ['--weakened', 'sql'],
  ['--tokens', '0'],
  ['--presentations', '5000'],
])('tells what is wrong with %s %s', async (args) => {
  const { ended, output } = runScript('prove/once', args)
  expect(await ended).toBe(2)
  expect(output()).toContain(args[0])
})
