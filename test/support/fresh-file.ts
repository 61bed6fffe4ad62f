// Prepares a worker that several test files share: restores everything that the file before replaced, and
// evaluates every module again.
import { vi } from 'vitest'

vi.useRealTimers()
vi.restoreAllMocks()
vi.unstubAllGlobals()
vi.unstubAllEnvs()
vi.resetModules()
