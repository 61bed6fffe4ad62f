// Installs the packages when `node_modules` is missing or older than the lockfile. It runs before
// every other script, on whatever Node is there (20 or newer), so it imports nothing from packages;
// what follows it in the same `npm run` finds Node 24 in `node_modules/.bin`. With the name of a folder it
// does the same there: docs/ has packages of its own.
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [folder = '.'] = process.argv.slice(2)
const root = fileURLToPath(new URL(`../${folder}/`, import.meta.url))
const modifiedAt = (path) => statSync(root + path, { throwIfNoEntry: false })?.mtimeMs ?? 0

if (modifiedAt('node_modules/.package-lock.json') < modifiedAt('package-lock.json')) {
  process.stderr.write('Installing packages (npm ci) …\n')
  const install = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (install.status !== 0) {
    process.stderr.write('npm ci failed, so nothing was started. See its message above.\n')
    process.exit(1)
  }
}
