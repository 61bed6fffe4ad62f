// The tests that must find mutants of the rules: the pure tests on Node, and the tests of published vectors.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: [
      'test/domain/**/*.test.ts',
      'test/conformance/{rfc6238,vectors,webauthn}.test.ts',
      'test/regression/attestation.test.ts',
    ],
    exclude: [
      // It checks the text of the source, which is mutated here.
      'test/domain/rooms.test.ts',
      // It lists the tests of all projects, which this configuration does not have.
      'test/domain/attack-list.test.ts',
      // It takes seconds to try every combination. policy.test.ts must find the same mutants by examples.
      'test/domain/policy-table.test.ts',
      // It measures time.
      'test/domain/condition-cost.test.ts',
    ],
    setupFiles: ['scripts/mutants/stop-at-first.ts'],
    // A slow machine must not look like a test that found a mutant. Stryker has its own time limits.
    testTimeout: 60_000,
  },
})
