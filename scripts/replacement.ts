// Breaks a copy of the source on purpose, by replacing texts.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Complaint } from './terminal.ts'

/** A file from the project's root, a text that it holds exactly once, and what replaces the text. */
export type Replacement = [file: string, text: string, by: string]

/**
 * Replaces texts in a copy of the project, never in the project itself.
 *
 * @param whose what asks for it, for a complaint: `The change "an older step is taken"`
 * @returns what puts the copy back as it was
 * @throws Complaint where a text does not stand there exactly once
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
        `${whose} replaces a text that stands ${parts.length - 1} times in ${file}, not once: it has to follow the source.\n\n${text}`,
      )
    }
    if (!before.has(path)) before.set(path, source)
    writeFileSync(path, parts.join(by))
  }
  return () => {
    for (const [path, source] of before) writeFileSync(path, source)
  }
}
