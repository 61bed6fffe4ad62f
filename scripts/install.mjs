// Installs the packages if `node_modules` is missing or older than the lockfile. It runs before every other
// script, on any Node from version 20 on, so it imports no packages. The script after it runs on Node 24 from
// `node_modules/.bin`. With the name of a folder, such as docs, it installs the packages of that folder.
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
    process.stderr.write('npm ci failed: see its message above.\n')
    process.exit(1)
  }
}
