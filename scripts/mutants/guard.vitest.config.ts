// The tests that must find mutants of the guard: its own tests, and the attacks on it. The attacks run on Node with a
// replacement of the workerd runtime, against the real service.
import { resolve } from 'node:path'
import { defineConfig } from 'vitest/config'

const runtime = resolve('test/support/workers-on-node.ts')

export default defineConfig({
  resolve: { alias: { 'cloudflare:workers': runtime, 'cloudflare:test': runtime } },
  test: {
    include: ['test/client/guard*.test.ts', 'test/attacks/{guard,proofs}.test.ts'],
    setupFiles: ['scripts/mutants/stop-at-first.ts'],
    // A slow machine must not look like a test that found a mutant. Stryker has its own time limits.
    testTimeout: 60_000,
  },
})
