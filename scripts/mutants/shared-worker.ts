// Prepares a worker that all test files share, for a file: the file gets its own copy of every module, and so
// objects of its own. Once a test of one file has failed, the files after it are not imported. What fails is
// not made smaller: that it fails is enough.
import fc from 'fast-check'
import { beforeEach, vi } from 'vitest'

const worker = globalThis as { testFailed?: boolean }

if (worker.testFailed) throw new Error('A test of another file has failed.')

vi.resetModules()
fc.configureGlobal({ endOnFailure: true })

beforeEach(({ onTestFailed }) => {
  onTestFailed(() => {
    worker.testFailed = true
  })
})
