// The lines of the guide: what of an action's rule is in them. test/package/package.test.ts type-checks
// them against the package.
import { type Schema, Validator } from '@cfworker/json-schema'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'
import { sampleOf } from '../../console/model/sample.ts'
import { APIS, installLines, PAGES } from '../../console/pages/snippets.ts'
import manifest from '../../package.json' with { type: 'json' }
import { BUILT_IN, PASSKEY_ONLY, REFUND, WITHOUT_DETAILS } from './guide.ts'

const everyBlock = (lines: Parameters<typeof PAGES.react.lines>[0]): string[] =>
  [...Object.values(PAGES), ...Object.values(APIS)].map((kind) => kind.lines(lines))

describe('the lines for an action', () => {
  it.each([
    ['whose details are required', REFUND],
    ['whose details are bound where they are sent', BUILT_IN],
    ['with a condition over its details', PASSKEY_ONLY],
  ])('%s name them in the page and in the API', (_which, lines) => {
    for (const block of everyBlock(lines)) expect(block).toMatch(/\bdetails\b/)
    expect(PAGES.react.lines(lines)).toContain('{ details },')
  })

  it('whose details are not looked at say nothing of any', () => {
    for (const block of everyBlock(WITHOUT_DETAILS)) expect(block).not.toMatch(/details/)
  })

  it('begin with an example of its own details', () => {
    expect(PAGES.react.lines(REFUND)).toContain("const details = { amount: 5, payee: 'payee' }")
  })

  it('ask a page without a framework for no method that the rule does not take', () => {
    expect(PAGES.plain.lines(REFUND)).toContain("method: 'totp'")
    expect(PAGES.plain.lines(PASSKEY_ONLY)).not.toContain('totp')
  })

  it('carry names with quotes as they are', () => {
    const audience = `https://api.example/it's"\\`
    const [, written = ''] =
      /audience: (.*),\n/.exec(APIS.hono.lines({ ...REFUND, audience })) ?? []
    expect(JSON.parse(written)).toBe(audience)
  })
})

describe('the lines that install', () => {
  it.each(Object.entries(PAGES))('name everything that a page needs: %s', async (_kind, page) => {
    const { metafile } = await build({
      stdin: { contents: page.lines(REFUND), loader: 'tsx', resolveDir: '.' },
      alias: {
        'countersign/react/dialog.css': './client/react/dialog.css',
        'countersign/react': './client/react.ts',
        countersign: './client/index.ts',
      },
      external: ['./session'],
      jsx: 'automatic',
      format: 'esm',
      bundle: true,
      write: false,
      outdir: 'out',
      metafile: true,
      logLevel: 'silent',
    })
    const imported = Object.entries(metafile.inputs)
      .filter(([file]) => !file.startsWith('node_modules/'))
      .flatMap(([, { imports }]) => imports)
      .flatMap(({ path }) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? [])
    const needs = 'needs' in page ? page.needs : []
    const installed = new Set([...Object.keys(manifest.dependencies), ...needs])
    expect(imported.length).toBeGreaterThan(0)
    expect(imported.filter((name) => !installed.has(name))).toEqual([])
  })

  it.each([
    [PAGES.react, APIS.hono, ['react react-dom', 'hono']],
    [PAGES.react, APIS.any, ['react react-dom', '']],
    [PAGES.plain, APIS.express, ['', 'express']],
  ])('name what page and API import, and nothing more: %#', (page, api, needs) => {
    const installs = installLines(page, api).matchAll(/--silent\)" ?(.*)$/gm)
    expect([...installs].map(([, rest]) => rest)).toEqual(needs)
  })
})

describe('an example of details', () => {
  it.each<Record<string, unknown>>([
    { type: 'object', properties: { a: { type: 'string', minLength: 9, maxLength: 12 } } },
    { type: 'object', required: ['left'] },
    { type: 'object', properties: { n: { type: 'integer', minimum: 7, multipleOf: 5 } } },
    { type: 'object', properties: { n: { type: 'number', exclusiveMinimum: 0, maximum: 9 } } },
    { type: 'object', properties: { n: { type: 'number', exclusiveMaximum: -3 } } },
    { type: 'object', properties: { b: { type: 'boolean' }, z: { type: 'null' } } },
    { type: 'object', properties: { e: { enum: ['EUR', 'USD'] }, c: { const: 3 } } },
    { type: 'object', properties: { x: { type: 'string', examples: ['0xabc'] } } },
    {
      type: 'object',
      properties: { list: { type: 'array', minItems: 2, items: { type: 'string' } } },
    },
    { type: 'object', anyOf: [{ required: ['a'], properties: { a: { type: 'null' } } }] },
    { type: 'object', allOf: [{ required: ['a'] }, { required: ['b'] }] },
    { type: 'object', properties: { o: { oneOf: [{ type: 'integer' }, { type: 'string' }] } } },
    { type: 'object', properties: { t: { type: ['string', 'null'] } } },
  ])('satisfies %j', (schema) => {
    const { errors } = new Validator(schema as Schema, '2020-12').validate(sampleOf(schema))
    expect(errors).toEqual([])
  })
})
