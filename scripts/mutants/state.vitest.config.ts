// The tests that must find mutants of the objects. They are written for workerd, and run on Node with a
// replacement of the runtime.
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

const runtime = resolve('test/support/workers-on-node.ts')

export default defineConfig({
  resolve: { alias: { 'cloudflare:workers': runtime, 'cloudflare:test': runtime } },
  test: {
    include: ['test/{state,procedures,attacks}/**/*.test.ts'],
    exclude: [
      // They test requests, the guard and the examples, and each takes seconds.
      'test/attacks/{requests,fuzz,guard}.test.ts',
      'test/procedures/{conditions,dpop,sdk,snippets}.test.ts',
      // It counts rows, which the replacement does not know.
      'test/state/costs.test.ts',
    ],
    setupFiles: [
      'scripts/mutants/stop-at-first.ts',
      'scripts/mutants/shared-worker.ts',
      'test/support/loaded.ts',
    ],
    // All files share one worker, because the packages take seconds to import.
    isolate: false,
    // A slow machine must not look like a test that found a mutant. Stryker has its own time limits.
    testTimeout: 60_000,
  },
})
