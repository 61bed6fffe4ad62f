// `npm run size`: prints what the Worker weighs, bundled as for deployment, and fails above the limit.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { WRANGLER, WRANGLER_SETTINGS } from './worker.ts'

/** Raise it only with the reason in the commit. An `alias` in wrangler.toml that no longer matches exceeds it. */
const LIMIT_KIB = 145
const SHOWN = 15

/** The members of esbuild's metafile that are read here. */
interface Metafile {
  outputs: Record<string, { inputs: Record<string, { bytesInOutput: number }> }>
}

/** Returns the package of a file, or else its folder. */
const nameOf = (path: string): string =>
  /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? path.split('/').slice(0, 2).join('/')

const inKib = (bytes: number): string => `${(bytes / 1024).toFixed(1).padStart(8)} KiB`

/** Returns the packages and folders that take the most bytes of the bundle. */
function heaviest(metafile: string): [name: string, bytes: number][] {
  const { outputs }: Metafile = JSON.parse(readFileSync(metafile, 'utf8'))
  const sizes = new Map<string, number>()
  for (const { inputs } of Object.values(outputs)) {
    for (const [path, { bytesInOutput }] of Object.entries(inputs)) {
      const name = nameOf(path)
      sizes.set(name, (sizes.get(name) ?? 0) + bytesInOutput)
    }
  }
  return [...sizes].sort(([, a], [, b]) => b - a).slice(0, SHOWN)
}

const folder = mkdtempSync(join(tmpdir(), 'countersign-size-'))
try {
  const args = ['deploy', '--dry-run', '--outdir', folder, '--metafile']
  execFileSync(process.execPath, [WRANGLER, ...args], {
    env: { ...process.env, ...WRANGLER_SETTINGS },
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  for (const [name, bytes] of heaviest(join(folder, 'bundle-meta.json')))
    console.log(`${inKib(bytes)}  ${name}`)
  const script = readFileSync(join(folder, 'worker.js'))
  const compressed = gzipSync(script).length
  console.log(`${inKib(script.length)}  the Worker`)
  console.log(`${inKib(compressed)}  the Worker, gzipped (limit: ${LIMIT_KIB} KiB)`)
  if (compressed > LIMIT_KIB * 1024) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}
