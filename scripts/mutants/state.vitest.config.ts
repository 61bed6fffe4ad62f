// The tests that the objects are mutated under: made for workerd, and run on Node with a replacement of the
// runtime alone.
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

const runtime = resolve('test/support/workers-on-node.ts')

export default defineConfig({
  resolve: { alias: { 'cloudflare:workers': runtime, 'cloudflare:test': runtime } },
  test: {
    include: ['test/{state,procedures,attacks}/**/*.test.ts'],
    exclude: [
      // They are about the form of requests, the guard and the examples; each costs seconds.
      'test/attacks/{requests,fuzz,guard}.test.ts',
      'test/procedures/{conditions,sdk,snippets}.test.ts',
    ],
    setupFiles: ['scripts/mutants/stop-at-first.ts', 'scripts/mutants/shared-worker.ts'],
    // One worker and one copy of the modules for all files: they take seconds to import.
    isolate: false,
    // A busy machine must not look like a test that noticed something; Stryker has limits of its own.
    testTimeout: 60_000,
  },
})
