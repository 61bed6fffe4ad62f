// Skips the rest of a test file after one of its tests has failed, because the mutant is found then. Vitest's own
// `bail` cannot be used: if a cancelled run ends while the next one begins, that run and every later one is
// cancelled too, and their mutants would seem to survive.
import { beforeEach } from 'vitest'

let failed = false

beforeEach(({ skip, onTestFailed }) => {
  skip(failed, 'a test before this one failed')
  onTestFailed(() => {
    failed = true
  })
})
