// Every text that a weakened build replaces is in the source exactly once. `npm run mutants` and the proofs need them.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { WEAKENED } from '../../scripts/weakened.ts'

it.each(WEAKENED)('the source has what the build $name replaces', ({ replacements }) => {
  for (const [file, text] of replacements)
    expect(readFileSync(file, 'utf8').split(text), `${file}: ${text}`).toHaveLength(2)
})
