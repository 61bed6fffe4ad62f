// A change to the source that breaks one thing on purpose: what it is made of, and how it is applied to
// a copy. Which changes there are is in state/ and ../weakened.ts, how they are tried in named.ts.
import { type Replacement, replaceIn } from '../replacement.ts'

/** A change, and the tests that must notice it. */
export interface Change {
  /** What is so after the change: "an older step is taken after a newer one". */
  name: string
  replacements: Replacement[]
  /** The test files that are run against it, from the project's root. */
  tests: string[]
}

/** What the change breaks, the text, its replacement, and other tests than the file's. */
export type Row = [name: string, text: string, by: string, tests?: string[]]

/**
 * The changes of one file.
 *
 * @param tests the test files that are run against each change that names none itself
 * @example changesOf('functions/state/subject/tokens.ts', ['test/attacks/tokens.test.ts'], [['…', '<=', '<']])
 */
export const changesOf = (file: string, tests: string[], rows: Row[]): Change[] =>
  rows.map(([name, text, by, own]) => ({
    name,
    replacements: [[file, text, by]],
    tests: own ?? tests,
  }))

/**
 * Applies a change to a copy of the project.
 *
 * @returns what puts the copy back as it was
 * @throws Complaint where a text to replace does not stand there exactly once
 */
export const apply = (folder: string, { name, replacements }: Change): (() => void) =>
  replaceIn(folder, replacements, `The change "${name}"`)
