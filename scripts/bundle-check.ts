// Bundles the client's entries as an application would and fails where anything is in it that an
// application must not get: the Worker's code, a Workers type or module, zod.
import { build } from 'esbuild'

const { metafile } = await build({
  entryPoints: ['client/index.ts', 'client/resource.ts'],
  outdir: '.',
  bundle: true,
  format: 'esm',
  platform: 'browser',
  write: false,
  metafile: true,
  logLevel: 'error',
  external: ['cloudflare:*', 'node:*'],
})

const FORBIDDEN = [
  /^functions\//,
  /node_modules\/zod\//,
  /^(cloudflare|node):/,
  /workers-types/,
  /worker-configuration/,
]
const bundled = Object.keys(metafile.inputs)
const imported = Object.values(metafile.outputs).flatMap(({ imports }) =>
  imports.map(({ path }) => path),
)
const strangers = [...bundled, ...imported].filter((path) =>
  FORBIDDEN.some((pattern) => pattern.test(path)),
)

if (strangers.length > 0) {
  console.error(`the client's bundle holds what it must not:\n  ${strangers.join('\n  ')}`)
  process.exit(1)
}
console.log(`the client's bundle: ${bundled.length} modules, none of them of the Worker`)
