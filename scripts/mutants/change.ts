// A change to the source that breaks one thing on purpose: what it is made of, and how it is applied to
// a copy. Which changes there are stands in state/ and rules.ts, how they are tried in named.ts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from '../terminal.ts'

/** A text of the source, and what stands in its place. */
export interface Replacement {
  /** From the project's root. */
  file: string
  /** Stands in the file exactly once. */
  text: string
  by: string
}

/** A change, and the tests that must notice it. */
export interface Change {
  /** What is so after the change: "an older step is taken after a newer one". */
  name: string
  replacements: Replacement[]
  /** The test files that are run against it, from the project's root. */
  tests: string[]
}

/** What is so after the change, the text, what stands in its place, and other tests than the file's. */
export type Row = [name: string, text: string, by: string, tests?: string[]]

/**
 * The changes of one file.
 *
 * @param tests the test files that are run against each change that names none itself
 * @example changesOf('functions/state/tokens.ts', ['test/attacks/tokens.test.ts'], [['…', '<=', '<']])
 */
export const changesOf = (file: string, tests: string[], rows: Row[]): Change[] =>
  rows.map(([name, text, by, own]) => ({
    name,
    replacements: [{ file, text, by }],
    tests: own ?? tests,
  }))

/**
 * Applies a change to a copy of the project.
 *
 * @returns what puts the copy back as it was
 * @throws Complaint where a text to replace does not stand there exactly once
 */
export function apply(folder: string, { name, replacements }: Change): () => void {
  const before = new Map<string, string>()
  for (const { file, text, by } of replacements) {
    const path = join(folder, file)
    const source = readFileSync(path, 'utf8')
    const parts = source.split(text)
    if (parts.length !== 2) {
      throw new Complaint(
        `The change "${name}" replaces a text that stands ${parts.length - 1} times in ${file}, not once: it has to follow the source.\n\n${text}`,
      )
    }
    if (!before.has(path)) before.set(path, source)
    writeFileSync(path, parts.join(by))
  }
  return () => {
    for (const [path, source] of before) writeFileSync(path, source)
  }
}
