// Every text that a weakened build or a build of the benchmark replaces is in the source exactly once.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { NOTING_STATEMENTS, WITHOUT_RECEIPTS } from '../../bench/builds.ts'
import { WEAKENED } from '../../scripts/weakened.ts'

const BUILDS = [...WEAKENED, WITHOUT_RECEIPTS, NOTING_STATEMENTS]

it.each(BUILDS)('the source has what the build $name replaces', ({ replacements }) => {
  for (const [file, text] of replacements)
    expect(readFileSync(file, 'utf8').split(text), `${file}: ${text}`).toHaveLength(2)
})
