// Reads the code blocks, headings and links of README and the pages of docs/.
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/** The root of the project. */
export const ROOT = resolve(import.meta.dirname, '../..')

/** Every page that an application developer reads, as paths from the root. */
export const PAGES = [
  'README.md',
  ...globSync('docs/**/*.md', {
    cwd: ROOT,
    exclude: (name) => String(name).includes('node_modules'),
  }),
].toSorted()

export const readPage = (page: string): string => readFileSync(resolve(ROOT, page), 'utf8')

/** A fenced block: its language, its text, and the line on which it begins. */
export interface Block {
  page: string
  line: number
  language: string
  code: string
}

const FENCE = /^( *)```(\w*)[^\n]*\n([\s\S]*?)^\1```$/gm

/**
 * Returns the fenced blocks of a page, in their order.
 *
 * @example blocksOf('README.md').filter(({ language }) => language === 'ts')
 */
export function blocksOf(page: string): Block[] {
  const text = readPage(page)
  return [...text.matchAll(FENCE)].map(
    ({ 1: indent = '', 2: language = '', 3: code = '', index }) => ({
      page,
      line: text.slice(0, index).split('\n').length,
      language,
      code: code.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    }),
  )
}

/** Returns the page without its fenced blocks and its code spans. */
export const proseOf = (page: string): string =>
  readPage(page)
    .replaceAll(FENCE, '')
    .replaceAll(/`[^`\n]*`/g, '``')

/**
 * Returns the anchors of a page's headings, as VitePress makes them.
 *
 * @param page a path from the root, or an absolute one
 */
export const anchorsOf = (page: string): string[] =>
  [...readPage(page).matchAll(/^#{1,6} (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[\s~`!@#$%^&*()\-_+=[\]{}|\\;:"'“”‘’<>,.?/]+/g, '-')
      .replaceAll(/^-|-$/g, '')
      .replace(/^(\d)/, '_$1'),
  )
