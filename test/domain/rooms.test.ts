// The rules stay pure: nothing in functions/domain reaches for state, for the Workers runtime, for the
// clock or for randomness of its own. What both sides share loads no schema library.
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'

const root = join(fileURLToPath(import.meta.url), '../../..')
const folder = join(root, 'functions/domain')
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

describe('contract/shared', () => {
  const shared = readdirSync(join(root, 'contract/shared')).map((name) => `contract/shared/${name}`)

  it.each(shared)('loads only pure modules of the contract, and never zod: %s', (file) => {
    const loaded = new Set([file])
    for (const one of loaded) for (const other of loadedBy(one)) loaded.add(other)
    expect([...loaded].filter((one) => !/^contract\/.+\.ts$/.test(one))).toEqual([])
  })
})

/** What a module loads when it runs: a path from the root, or the name of a package. */
function loadedBy(file: string): string[] {
  if (!file.endsWith('.ts')) return []
  const text = String(readFileSync(join(root, file)))
  const imports = text.matchAll(/^(?:import|export) (?!type )(?:[^'"]*?from )?'(?<from>[^']+)'/gm)
  return [...imports].map(({ groups }) => {
    const from = groups?.from ?? ''
    return from.startsWith('.') ? relative(root, join(root, file, '..', from)) : from
  })
}
