// The tests that the rules are mutated under: pure ones on Node, some milliseconds each.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/domain/**/*.test.ts'],
    // What these look at is the text of the source, which is another one here.
    exclude: ['test/domain/rooms.test.ts'],
    // A busy machine must not look like a test that noticed something; Stryker has limits of its own.
    testTimeout: 60_000,
  },
})
