// Prepares the worker that several test files share, one after the other: nothing that the file before
// replaced is left, and every module is evaluated again.
import { vi } from 'vitest'

vi.useRealTimers()
vi.restoreAllMocks()
vi.unstubAllGlobals()
vi.unstubAllEnvs()
vi.resetModules()
