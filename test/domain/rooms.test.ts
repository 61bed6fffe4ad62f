// The rules stay pure: nothing in functions/domain reaches for state, for the Workers runtime, for the
// clock or for randomness of its own.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const folder = join(fileURLToPath(import.meta.url), '../../../functions/domain')
const files = readdirSync(folder).filter((name) => name.endsWith('.ts'))

const FORBIDDEN: [what: string, pattern: RegExp][] = [
  ['state', /from '\.\.\/state\//],
  ['procedures', /from '\.\.\/procedures\//],
  ['bindings', /from '\.\.\/env\.ts'/],
  ['the clock', /from '\.\.\/clock\.ts'|Date\.now|new Date\(\)/],
  ['the Workers runtime', /cloudflare:/],
  ['randomness', /getRandomValues|randomBytes|randomUUID|Math\.random/],
  ['the network', /\bfetch\(/],
]

describe('functions/domain', () => {
  it('has files to look at', () => {
    expect(files.length).toBeGreaterThan(15)
  })

  it('loads what evaluates conditions only where there are any', () => {
    const loading = files.filter((name) =>
      /^import (?!type ).*'@marcbachmann\/cel-js'/m.test(String(readFileSync(join(folder, name)))),
    )
    expect(loading).toEqual([])
    expect(String(readFileSync(join(folder, 'condition.ts')))).toContain("import('@marcbachmann/")
  })

  it.each(FORBIDDEN)('does not reach for %s', (_what, pattern) => {
    const guilty = files.filter((name) => pattern.test(String(readFileSync(join(folder, name)))))
    expect(guilty).toEqual([])
  })
})
