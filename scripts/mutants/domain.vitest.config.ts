// The tests that the rules are mutated under: pure ones on Node, some milliseconds each, and those of the
// published vectors, which need no service either.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'test/domain/**/*.test.ts',
      'test/conformance/{rfc6238,webauthn}.test.ts',
      'test/regression/attestation.test.ts',
    ],
    // The first looks at the text of the source, which is another one here. The second tries every
    // combination for seconds: what it holds must be held by the examples of policy.test.ts alone.
    exclude: ['test/domain/rooms.test.ts', 'test/domain/policytable.test.ts'],
    // A busy machine must not look like a test that noticed something; Stryker has limits of its own.
    testTimeout: 60_000,
  },
})
