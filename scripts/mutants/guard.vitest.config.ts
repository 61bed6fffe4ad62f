// The tests that the guard is mutated under.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  // A busy machine must not look like a test that noticed something; Stryker has limits of its own.
  test: { include: ['test/client/guard-node.test.ts'], testTimeout: 60_000 },
})
