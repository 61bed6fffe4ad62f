// Prepares a workerd that several test files share: restores what the file before replaced, and empties the list
// of environments, which has a limit.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeAll, vi } from 'vitest'

vi.useRealTimers()
vi.restoreAllMocks()
vi.unstubAllGlobals()
beforeAll(() =>
  runInDurableObject(env.DIRECTORY.getByName('directory'), (_, { storage }) => {
    storage.sql.exec('DELETE FROM environments')
  }),
)
