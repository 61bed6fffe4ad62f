// Builds the pages that the Workers serve with Vite, if they are older than their sources. `node scripts/pages.ts
// console` builds one page; wrangler runs it before it serves or deploys the service.
import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { Complaint, interruption, runCommand, USAGE_EXIT_CODE } from './terminal.ts'
import { environmentWithout, ROOT, SERVICE_VARIABLES } from './variables.ts'
import { guardProcess } from './watchdog.ts'

/** The pages. `folder` has the configuration and `dist/`, `root` has the sources. */
export const PAGES = {
  console: { name: 'dashboard', folder: 'console', root: 'console' },
  wallet: { name: "wallet's page", folder: 'examples/wallet', root: 'examples/wallet/page' },
} as const

/** The sources that all pages share. */
const SHARED = ['client', 'contract', 'ui', 'package-lock.json']
/** The reference of the HTTP API, which is served beside the dashboard, and its sources. */
const REFERENCE = 'reference.html'
const REFERENCE_SOURCES = ['reference', 'functions', 'contract', 'ui/styles', 'package.json']

/**
 * Builds a page into the folder that its Worker serves, unless it is newer than its sources.
 *
 * @throws Complaint with the output of the build
 */
export async function buildPage(page: keyof typeof PAGES, signal: AbortSignal): Promise<void> {
  const { folder, root } = PAGES[page]
  const built = `${ROOT}${folder}/dist`
  mkdirSync(built, { recursive: true })
  if (!existsSync(`${ROOT}${root}/index.html`)) return
  const isBuilt = isCurrent(join(built, 'index.html'), [folder, ...SHARED])
  if (!isBuilt) await runVite(page, signal)
  if (page !== 'console' || (isBuilt && isCurrent(join(built, REFERENCE), REFERENCE_SOURCES)))
    return
  // Loaded only where it is needed: it loads the whole router.
  const { writeReference } = await import('../reference/build.ts')
  await writeReference(built)
}

async function runVite(page: keyof typeof PAGES, signal: AbortSignal): Promise<void> {
  const { name, folder, root } = PAGES[page]
  const vite = [`${ROOT}node_modules/vite/bin/vite.js`, 'build', `${ROOT}${root}`]
  const args = [...vite, '--config', `${ROOT}${folder}/vite.config.ts`, '--logLevel', 'warn']
  // Tests have another value, and pages that they build are also deployed.
  const env = { ...environmentWithout(SERVICE_VARIABLES), NODE_ENV: 'production' }
  const building = promisify(execFile)(process.execPath, args, { cwd: ROOT, signal, env })
  const release = guardProcess(building.child.pid)
  await building
    .catch((error) => {
      const output = [error.stdout, error.stderr].filter(Boolean).join('\n')
      throw new Complaint(`The ${name} could not be built:\n\n${output || error.message}`)
    })
    .finally(release)
}

/** Returns whether a built file is newer than all its sources. */
function isCurrent(file: string, sources: readonly string[]): boolean {
  if (!existsSync(file)) return false
  const { mtimeMs } = statSync(file)
  return sources.every((path) => newest(`${ROOT}${path}`) <= mtimeMs)
}

/** Never sources: what is built or installed, and what a running wrangler writes. */
const IGNORED = ['dist', 'node_modules', '.wrangler']

/** Returns when a source file below a path was last written. */
function newest(path: string): number {
  const status = statSync(path)
  if (!status.isDirectory()) return status.mtimeMs
  const entries = readdirSync(path).filter((entry) => !IGNORED.includes(entry))
  return Math.max(0, ...entries.map((entry) => newest(join(path, entry))))
}

const isPage = (name: string | undefined): name is keyof typeof PAGES =>
  name !== undefined && Object.hasOwn(PAGES, name)

if (import.meta.main) {
  await runCommand(async () => {
    const [name] = process.argv.slice(2)
    if (!isPage(name))
      throw new Complaint(`Name a page: ${Object.keys(PAGES).join(' or ')}.`, USAGE_EXIT_CODE)
    await buildPage(name, interruption())
    return 0
  })
}
