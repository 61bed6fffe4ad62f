// Replaces texts in a copy of the source.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from './terminal.ts'

/** A file relative to the project's root, a text that it contains exactly once, and the new text. */
export type Replacement = [file: string, text: string, by: string]

/**
 * Replaces texts in a copy of the project, never in the project itself.
 *
 * @param whose names the change in an error message, for example `The change "an older step is accepted"`
 * @returns a function that restores the copy
 * @throws Complaint if a file does not contain a text exactly once
 * @example const undo = replaceIn(folder, [['functions/clock.ts', '1000', '1']], 'The change')
 */
export function replaceIn(
  folder: string,
  replacements: readonly Replacement[],
  whose: string,
): () => void {
  const before = new Map<string, string>()
  for (const [file, text, by] of replacements) {
    const path = join(folder, file)
    const source = readFileSync(path, 'utf8')
    const parts = source.split(text)
    if (parts.length !== 2) {
      throw new Complaint(
        `${whose} replaces a text that ${file} contains ${parts.length - 1} times, not once: update the text to match the source.\n\n${text}`,
      )
    }
    if (!before.has(path)) before.set(path, source)
    writeFileSync(path, parts.join(by))
  }
  return () => {
    for (const [path, source] of before) writeFileSync(path, source)
  }
}
