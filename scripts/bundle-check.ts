// Bundles the client's entries as an application does. Fails if the bundle contains code of the Worker, a type or
// module of Workers, or zod.
import { build } from 'esbuild'

const { metafile } = await build({
  entryPoints: ['index', 'dpop', 'receipt', 'resource', 'resource/dpop'].map(
    (name) => `client/${name}.ts`,
  ),
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
const forbidden = [...bundled, ...imported].filter((path) =>
  FORBIDDEN.some((pattern) => pattern.test(path)),
)

if (forbidden.length > 0) {
  console.error(`The client's bundle must not contain:\n  ${forbidden.join('\n  ')}`)
  process.exit(1)
}
console.log(
  `The client's bundle has ${bundled.length} modules, and none of them belongs to the Worker.`,
)
