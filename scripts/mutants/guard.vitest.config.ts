// The tests that the guard is mutated under: its own, and the attacks on it, which run in workerd
// elsewhere and against the real service here too, with a stand-in for the runtime alone.
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  resolve: { alias: { 'cloudflare:workers': resolve('test/support/workers-on-node.ts') } },
  test: {
    include: ['test/client/guard*.test.ts', 'test/attacks/guard.test.ts'],
    setupFiles: ['scripts/mutants/stop-at-first.ts'],
    // A busy machine must not look like a test that noticed something; Stryker has limits of its own.
    testTimeout: 60_000,
  },
})
