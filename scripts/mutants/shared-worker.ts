// Prepares the worker that all test files share. Each file gets its own copy of every module, and so its own objects.
// After a test of one file has failed, later files are not imported. A failing example is not shrunk, because the
// failure alone is enough.
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
