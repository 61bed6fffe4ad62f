// README and the pages of docs/: their code type-checks, their settings can be saved, their commands exist, their
// links work, and their words are plain.
import { execFileSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { EnvironmentCreateInput, EnvironmentSettings } from '../../contract/index.ts'
import { checkSettings } from '../../functions/domain/settings/settings.ts'
import { endpoints, operationId } from '../../reference/openapi.ts'
import { snippetOf } from '../../reference/snippets.ts'
import {
  anchorsOf,
  type Block,
  blocksOf,
  PAGES,
  proseOf,
  ROOT,
  readPage,
} from '../support/markdown.ts'

const { scripts } = JSON.parse(readPage('package.json'))
const ALL = PAGES.flatMap(blocksOf)
const inLanguages = (...languages: string[]): Block[] =>
  ALL.filter(({ language }) => languages.includes(language))
const nameOf = ({ page, line }: Block): string => `${page}:${line}`

describe('the code blocks of README, docs and the reference', () => {
  it('type-check, each as a file of its own', () => {
    const folder = resolve(ROOT, '.tsbuild/blocks')
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    const blocks = inLanguages('ts', 'tsx')
    expect(blocks.length).toBeGreaterThan(20)
    for (const { page, line, language, code } of blocks) {
      const file = `${page.replaceAll(/\W/g, '-')}-${line}.${language}`
      writeFileSync(resolve(folder, file), `${code}\nexport {}\n`)
    }
    for (const endpoint of endpoints())
      writeFileSync(
        resolve(folder, `reference-${operationId(endpoint)}.ts`),
        snippetOf(endpoint, 'typescript'),
      )
    const tsc = resolve(ROOT, 'node_modules/typescript/bin/tsc')
    const check = () =>
      execFileSync(process.execPath, [tsc, '-p', 'test/docs/blocks', '--singleThreaded'], {
        cwd: ROOT,
        encoding: 'utf8',
      })
    expect(outputOf(check)).toBe('')
  })

  it('name files that exist where they include one', () => {
    const included = PAGES.flatMap((page) =>
      [...readPage(page).matchAll(/^<<< (\S+)$/gm)].map(([, file = '']) =>
        resolve(ROOT, dirname(page), file),
      ),
    )
    expect(included.length).toBeGreaterThan(0)
    expect(included.filter((file) => !existsSync(file))).toEqual([])
  })

  it.each(inLanguages('json').map((block) => [nameOf(block), block] as const))(
    'hold JSON: %s',
    (_name, { code }) => {
      expect(() => JSON.parse(code)).not.toThrow()
    },
  )

  it('hold JSON in the calls that they show', () => {
    const bodies = inLanguages('sh').flatMap(({ code }) =>
      [...code.matchAll(/-d '([^']*)'/g)].map(([, body = '']) => body),
    )
    expect(bodies.length).toBeGreaterThan(3)
    for (const body of bodies) expect(() => JSON.parse(body), body).not.toThrow()
  })

  it('hold settings that could be saved', async () => {
    const place = { publicUrl: 'http://localhost:8787', development: true }
    const documents = inLanguages('json').map(({ code }) => JSON.parse(code))
    const created = documents.filter((document) => 'settings' in document)
    const settings = [
      ...created.map((document) => EnvironmentCreateInput.parse(document).settings),
      ...documents
        .filter((document) => 'session' in document)
        .map((one) => EnvironmentSettings.parse(one)),
    ]
    expect(settings).toHaveLength(2)
    for (const document of settings) await checkSettings(document, place)
  })
})

/** What a command printed, also where it failed. */
function outputOf(run: () => string): string {
  try {
    return run()
  } catch (error) {
    return error instanceof Error && 'stdout' in error ? String(error.stdout) : String(error)
  }
}

/** Pages for reviewers and contributors, which the site does not have. */
const OTHER = [
  'SECURITY.md',
  'STORAGE.md',
  'CONTRIBUTING.md',
  'test/attacks/README.md',
  'test/conformance/README.md',
  'conformance/README.md',
]

describe('a page', () => {
  /** Commands of npm itself. */
  const OWN = ['install', 'init', 'pkg', 'pack', 'ci']

  it.each(PAGES)('names commands that exist: %s', (page) => {
    const named = [...readPage(page).matchAll(/(?:^|[`(]|&& )npm (?:run )?([a-z][\w:]*)/gm)].map(
      ([, name = '']) => name,
    )
    const known = [...Object.keys(scripts), ...OWN]
    expect(named.filter((name) => !known.includes(name))).toEqual([])
  })

  it.each([...PAGES, ...OTHER])('links to pages and headings that exist: %s', (page) => {
    const broken = [...proseOf(page).matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => target)
      .filter((target) => !/^https:/.test(target))
      .filter((target) => {
        const [path = '', anchor] = target.split('#')
        const file = path ? resolve(ROOT, dirname(page), path) : resolve(ROOT, page)
        return !existsSync(file) || (anchor !== undefined && !anchorsOf(file).includes(anchor))
      })
    expect(broken).toEqual([])
  })

  it.each([...PAGES, 'docs/.vitepress/config.ts'])('loads nothing from elsewhere: %s', (page) => {
    const loads = /!\[[^\]]*\]\(|<(?:script|img|iframe|link)\b|@import|\bhead:/g
    expect(proseOf(page).match(loads) ?? []).toEqual([])
  })

  it.each(PAGES)('does not say that something is mended: %s', (page) => {
    expect(proseOf(page).match(/\bmend(?:s|ed)?\b/gi) ?? []).toEqual([])
  })

  it.each(PAGES.filter((page) => page !== 'README.md' && page !== 'docs/index.md'))(
    'is in the list of pages: %s',
    (page) => {
      const name = page.replace(/^docs\/|\.md$/g, '')
      expect(readPage('docs/.vitepress/config.ts')).toContain(`'/${name}'`)
      // README names the page about all logins, which names theirs.
      if (dirname(name) === 'logins') expect(readPage('docs/logins.md')).toContain(`(./${name}.md)`)
      else expect(readPage('README.md')).toContain(`(${page})`)
    },
  )
})

describe('README', () => {
  it('is short', () => {
    const text = readPage('README.md')
    expect(text.split('\n').length).toBeLessThanOrEqual(200)
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(12 * 1024)
  })

  it('fits a terminal of 80 columns with its diagram', () => {
    const [diagram] = blocksOf('README.md')
    for (const line of diagram?.code.split('\n') ?? ['none'.repeat(99)])
      expect(line.length).toBeLessThanOrEqual(80)
  })
})

it('the threat model is short', () => {
  expect(readPage('SECURITY.md').split('\n').length).toBeLessThanOrEqual(120)
})

it('the smallest example is under 80 lines', () => {
  const lines = ['api.ts', 'page.tsx', 'index.html'].flatMap((file) =>
    readPage(`examples/hello/${file}`).trimEnd().split('\n'),
  )
  expect(lines.length).toBeLessThan(80)
})

it('the full-stack example has at most 120 lines', () => {
  const files = globSync('examples/react-router/**/*.ts*', { exclude: ['**/build'] })
  expect(files.length).toBeGreaterThan(5)
  const lines = files.flatMap((file) => readPage(file).trimEnd().split('\n'))
  expect(lines.length).toBeLessThanOrEqual(120)
})

it.each(['python-api/api.py', 'go-api/main.go'])('examples/%s has at most 150 lines', (file) => {
  const lines = readPage(`examples/${file}`).trimEnd().split('\n')
  expect(lines.length).toBeLessThanOrEqual(150)
})
