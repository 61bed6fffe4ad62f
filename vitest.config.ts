// Three kinds of tests: pure ones on Node, ones of pages in a DOM, and ones inside workerd with the
// Worker's own bindings.
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'

const inNode = ['test/{domain,client,start}/**/*.test.ts']

export default defineConfig({
  test: {
    projects: [
      { test: { name: 'node', include: inNode, environment: 'node' } },
      {
        test: {
          name: 'react',
          include: ['test/react/**/*.test.{ts,tsx}'],
          environment: 'happy-dom',
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: {
              bindings: {
                ROOT_SECRET: 'a root secret for tests alone, 32 and more',
                OPERATOR_KEY: 'csk_op_for-tests-alone-0123456789abcdefghij',
                PUBLIC_URL: 'http://localhost:8787',
                RESTORE_EPOCH: '0',
              },
            },
          }),
        ],
        test: {
          name: 'workerd',
          include: ['test/{procedures,state,attacks,conformance,regression}/**/*.test.ts'],
          testTimeout: 20_000,
        },
      },
    ],
  },
})
