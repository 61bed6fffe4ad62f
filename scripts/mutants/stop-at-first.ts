// Skips the rest of a test file once one of its tests has failed: a mutant is noticed by then. Vitest's
// own `bail` does the same for a whole run, but where a cancelled run ends as the next one begins that
// one is cancelled too, and so is every one after it: their mutants would seem to survive.
import { beforeEach } from 'vitest'

let failed = false

beforeEach(({ skip, onTestFailed }) => {
  skip(failed, 'a test before this one failed')
  onTestFailed(() => {
    failed = true
  })
})
