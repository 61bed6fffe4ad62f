// Kinds of tests: pure ones on Node, ones of pages in a DOM, ones in a real browser, and ones inside
// workerd with the bindings of either Worker.
import { generateKeyPairSync } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { cloudflareTest } from '@cloudflare/vitest-plugin'
import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'
import { scratchFor } from './scripts/scratch.ts'

const inNode = [
  'test/{domain,client,console,docs,reference,start,prove,package,peers}/**/*.test.ts',
  // This one runs on workerd too.
  'test/conformance/vectors.test.ts',
]

// The pages may not be built, and a test does not need them.
for (const pages of ['console/dist', 'examples/wallet/dist']) mkdirSync(pages, { recursive: true })
/** What properties draw their inputs from. `SEED=$RANDOM npm test` tries others. */
const seed = Number(process.env.SEED ?? 1)
const issuerKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey

/** Room for a browser, two installs of the package, and the objects. */
const SCRATCH_BYTES = 2_000_000_000
// Every new object is a file, and on a disk each takes milliseconds during which nothing else runs. This
// module is evaluated once for each project.
if (!process.env.TMPDIR) {
  const scratch = mkdtempSync(join(scratchFor(SCRATCH_BYTES), 'countersign-test-'))
  process.env.TMPDIR = scratch
  process.once('exit', () => rmSync(scratch, { recursive: true, force: true }))
}

// The names that the package has where it is installed.
const alias = {
  'countersign/dpop': resolve('client/dpop.ts'),
  'countersign/contract': resolve('contract/index.ts'),
  'countersign/resource/dpop': resolve('client/resource/dpop.ts'),
  'countersign/receipt': resolve('client/receipt.ts'),
  'countersign/resource': resolve('client/resource.ts'),
  'countersign/react/dialog.css': resolve('client/react/dialog.css'),
  'countersign/react/texts': resolve('client/react/texts'),
  'countersign/react/query': resolve('client/react/query.ts'),
  'countersign/react': resolve('client/react.ts'),
  countersign: resolve('client/index.ts'),
}

/** What the Worker is bundled with in place of packages: `[alias]` in wrangler.toml. */
const replaced = Object.fromEntries(
  [...readFileSync('wrangler.toml', 'utf8').matchAll(/^"(.+)" = "(\.\/.+)"$/gm)].map(
    ([, name = '', file = '']) => [name, resolve(file)],
  ),
)

const inWorkerd = ['test/{procedures,state,attacks,conformance,regression}/**/*.test.ts']
/** Tests that change the operators or break objects: each file gets a workerd of its own. */
const changesOperators = [
  'test/attacks/{answers,bounds,flooding,fuzz,lost-key,operators,restoring}.test.ts',
  'test/procedures/{console,openapi,operators}.test.ts',
  'test/state/{costs,directory,faults}.test.ts',
  'test/regression/previous-release.test.ts',
]

const onWorkerd = (test: object) => ({
  resolve: { alias: { ...alias, ...replaced } },
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
    ...test,
    testTimeout: 20_000,
    server: { deps: { inline: ['@simplewebauthn/server'] } },
    // `npm run fuzz` says in FUZZ what it tries.
    provide: { seed, fuzz: JSON.parse(process.env.FUZZ ?? '{"seed":1,"numRuns":3}') },
  },
})

/**
 * Files that run before others, in this order: what waits for other programs, so that it does not wait alone at the end.
 * What changes the wallet that all browser tests share, at the same time as the dashboard's tests, which do not use it.
 */
const FIRST = [
  /\/test\/(package|peers|prove|start)\//,
  /\/browser\/onboarding/,
  /\/browser\/console/,
]

class InOrder extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rank = ({ moduleId }: TestSpecification) =>
      [...FIRST, /./].findIndex((pattern) => pattern.test(moduleId))
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: InOrder },
    // By default it is one less than there are cores, and tests also wait.
    maxWorkers: 2,
    projects: [
      {
        resolve: { alias },
        test: {
          name: 'node',
          include: inNode,
          environment: 'node',
          testTimeout: 20_000,
          // One process for many files. In workerd, what one file leaves running reaches the next.
          isolate: false,
          setupFiles: ['test/support/fresh-file.ts', 'test/support/seed.ts'],
          provide: { seed },
        },
      },
      {
        test: {
          name: 'browser',
          include: ['test/browser/**/*.test.ts'],
          environment: 'node',
          globalSetup: ['test/browser/support/setup.ts'],
          // Everything else runs beside these: a page may come too late once.
          retry: 1,
          isolate: false,
          testTimeout: 60_000,
          hookTimeout: 180_000,
        },
      },
      {
        resolve: { alias },
        test: {
          name: 'react',
          include: ['test/react/**/*.test.{ts,tsx}'],
          environment: 'happy-dom',
        },
      },
      onWorkerd({
        name: 'workerd',
        include: inWorkerd,
        exclude: changesOperators,
        isolate: false,
        setupFiles: ['fresh-service', 'seed', 'loaded'].map((name) => `test/support/${name}.ts`),
      }),
      onWorkerd({
        name: 'workerd-alone',
        include: changesOperators,
        setupFiles: ['test/support/loaded.ts'],
      }),
      {
        resolve: { alias },
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './examples/wallet/wrangler.toml' },
            miniflare: {
              bindings: {
                PUBLIC_URL: 'http://localhost:8790',
                COUNTERSIGN_URL: 'http://localhost:8787',
                COUNTERSIGN_ENVIRONMENT: 'wallet',
                RESOURCE_KEY: 'csk_res_for-tests-alone',
                ISSUER_KEY: JSON.stringify({ ...issuerKey.export({ format: 'jwk' }), kid: 'test' }),
                VAULT_SECRET: 'the secret of the vault, for tests alone',
                CUSTODIAN_SECRET: 'the secret of the custodian, for tests alone',
                DELEGATE_SECRET: 'the secret of the delegate, for tests alone',
              },
            },
          }),
        ],
        test: {
          name: 'wallet',
          include: ['test/wallet/**/*.test.ts'],
          isolate: false,
          testTimeout: 20_000,
        },
      },
    ],
  },
})
