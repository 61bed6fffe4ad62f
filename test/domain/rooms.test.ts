// The layout of the source: which folder imports which. The rules in functions/domain are pure, code of the
// objects is called only through stubs, and shared code loads no schema library.
import { describe, expect, it } from 'vitest'
import { circleIn, importsOf, sourceFiles, sourceOf } from '../support/imports.ts'

const ROOMS = [
  ...['contract', 'functions', 'client', 'cli', 'console', 'examples'],
  ...['reference', 'scripts', 'ui'],
]
const domain = sourceFiles('functions/domain')

const FORBIDDEN: [what: string, pattern: RegExp][] = [
  ['the clock', /clock\.ts'|Date\.now|new Date\(\)/],
  ['the Workers runtime', /cloudflare:/],
  ['randomness', /getRandomValues|randomBytes|randomUUID|Math\.random/],
  ['the network', /\bfetch\(/],
]

/** What the files of a folder may import of the project, besides files of their own folder. */
const MAY_IMPORT: [folder: string, allowed: RegExp][] = [
  ['contract', /^contract\//],
  ['contract/shared', /^contract\/(shared\/|[a-z]+\.ts$)/],
  ['client', /^(client|contract)\//],
  ['cli', /^(cli|client)\//],
  ['ui', /^ui\//],
  ['console', /^(console|ui)\//],
  ['examples/wallet/page', /^(examples\/wallet|ui)\//],
  ['reference', /^(reference|functions|contract)\//],
  ['functions', /^(functions|contract)\//],
  ['functions/domain', /^(functions\/domain|contract)\//],
  ['functions/state', /^(functions\/(state|domain|clock\.ts|variables\.ts)|contract)\b/],
  ['functions/edge', /^(functions\/(edge|domain|state|clock\.ts|env\.ts)|contract)\b/],
  ['functions/callers', /^(functions\/(callers|edge|domain|clock\.ts|env\.ts)|contract)\b/],
  ['functions/steps', /^functions\/(?!state|procedures|routes|worker)|^contract\//],
  ['functions/procedures', /^functions\/(?!state|procedures|routes|worker)|^contract\//],
  ['functions/routes', /^functions\/(?!state|procedures|steps|worker)|^contract\//],
]

describe('functions/domain', () => {
  it('has files to look at', () => {
    expect(domain.length).toBeGreaterThan(15)
  })

  it('loads what evaluates conditions only where there are any', () => {
    const how = domain
      .flatMap((file) => importsOf(file))
      .filter(({ from }) => from === 'functions/domain/conditions/cel.ts')
      .map((one) => one.how)
    expect(how).toContain('lazy')
    expect(how).not.toContain('loaded')
  })

  it.each(FORBIDDEN)('does not reach for %s', (_what, pattern) => {
    expect(domain.filter((file) => pattern.test(sourceOf(file)))).toEqual([])
  })
})

describe('functions/state', () => {
  it('is imported by the entry, which exports the objects, and for types by their stubs and bindings', () => {
    const importing = sourceFiles('functions')
      .filter((file) => !file.startsWith('functions/state/'))
      .flatMap((file) => importsOf(file).map((one) => ({ file, ...one })))
      .filter(({ from }) => from.startsWith('functions/state/'))
    expect(new Set(importing.filter(({ how }) => how !== 'type').map(({ file }) => file))).toEqual(
      new Set(['functions/worker.ts']),
    )
    expect(new Set(importing.filter(({ how }) => how === 'type').map(({ file }) => file))).toEqual(
      new Set(['functions/edge/objects.ts', 'functions/env.ts']),
    )
  })
})

describe('the rooms', () => {
  it.each(MAY_IMPORT)('%s imports only what it may', (folder, allowed) => {
    const wrong = sourceFiles(folder).flatMap((file) =>
      importsOf(file)
        .filter(({ from }) => /\.tsx?$/.test(from))
        .filter(({ from }) => !allowed.test(from))
        .map(({ from }) => `${file} → ${from}`),
    )
    expect(wrong).toEqual([])
  })

  it.each(ROOMS)('of %s have no two files that import each other in a circle', (room) => {
    expect(circleIn(sourceFiles(room))).toEqual([])
  })
})

describe('ui', () => {
  it('loads only React, TanStack Query and the SDK by its public names', () => {
    const loaded = sourceFiles('ui')
      .filter((file) => file !== 'ui/vite.ts')
      .flatMap((file) => importsOf(file).map(({ from }) => from))
      .filter((from) => !from.startsWith('ui/'))
    const sdk = ['countersign', 'countersign/react', 'countersign/react/query']
    expect(new Set(loaded)).toEqual(
      new Set(['react', 'react-dom/client', '@tanstack/react-query', ...sdk]),
    )
  })
})

describe('contract/shared', () => {
  it.each(sourceFiles('contract/shared'))(
    'loads only pure modules of the contract and jose, and never zod: %s',
    (file) => {
      const loaded = new Set([file])
      for (const one of loaded)
        for (const { from, how } of one.endsWith('.ts') ? importsOf(one) : [])
          if (how !== 'type') loaded.add(from)
      expect([...loaded].filter((one) => !/^(contract\/.+\.ts|jose)$/.test(one))).toEqual([])
    },
  )
})
