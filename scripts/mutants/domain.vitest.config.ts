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
    exclude: [
      // It looks at the text of the source, which is another one here.
      'test/domain/rooms.test.ts',
      // It lists the tests of every project, which this configuration does not have.
      'test/domain/attack-list.test.ts',
      // It tries every combination, for seconds: what it holds policy.test.ts must hold by examples.
      'test/domain/policy-table.test.ts',
      // It looks at the clock.
      'test/domain/condition-cost.test.ts',
    ],
    setupFiles: ['scripts/mutants/stop-at-first.ts'],
    // A busy machine must not look like a test that noticed something; Stryker has limits of its own.
    testTimeout: 60_000,
  },
})
