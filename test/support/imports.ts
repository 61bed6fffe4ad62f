// Reads the imports of the source files, including types, for the tests of the layout.
import { readdirSync, readFileSync } from 'node:fs'
import { join, posix, relative, sep } from 'node:path'
import { fileURLToPath } from 'node:url'

const ROOT = join(fileURLToPath(import.meta.url), '../../..')
const LEFT_OUT = new Set(['dist', 'node_modules', '.wrangler'])
const IMPORT =
  /^(?:import|export) (?<type>type )?(?:[^'"]*?from )?'(?<from>[^']+)'|\bimport\('(?<lazy>[^']+)'\)/gm

/** One import of a file: a path from the project's root, or the name of a package. */
export interface Import {
  from: string
  /** Whether it is loaded with the file, only when it is needed, or never because it is a type. */
  how: 'loaded' | 'lazy' | 'type'
}

/** Returns the text of a source file. */
export const sourceOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')

/**
 * Returns the TypeScript files below some folders.
 *
 * @example sourceFiles('functions/domain') // ['functions/domain/bytes.ts', …]
 */
export const sourceFiles = (...folders: string[]): string[] =>
  folders.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
      .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .filter((file) => !file.split('/').some((part) => LEFT_OUT.has(part))),
  )

/** Returns what a file imports. */
export const importsOf = (file: string): Import[] =>
  [...sourceOf(file).matchAll(IMPORT)].map(({ groups }) => {
    const from = groups?.from ?? groups?.lazy ?? ''
    return {
      from: from.startsWith('.') ? posix.join(posix.dirname(file), from) : from,
      how: groups?.type ? 'type' : groups?.lazy ? 'lazy' : 'loaded',
    }
  })

/**
 * Finds a circle of imports.
 *
 * @returns the files of one circle, in the order in which they import each other, or an empty list
 */
export function circleIn(files: string[]): string[] {
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string): string[] => {
    const start = path.indexOf(file)
    if (start >= 0) return path.slice(start)
    if (done.has(file) || !files.includes(file)) return []
    path.push(file)
    for (const { from } of importsOf(file)) {
      const circle = visit(from)
      if (circle.length > 0) return circle
    }
    path.pop()
    done.add(file)
    return []
  }
  for (const file of files) {
    const circle = visit(file)
    if (circle.length > 0) return circle
  }
  return []
}
