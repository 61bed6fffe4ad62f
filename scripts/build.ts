// `npm run build`: builds the package that applications install, in `dist/`. Modules are not bundled, so that an
// application's bundler can drop unused code.
import { execFileSync } from 'node:child_process'
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeApi } from '../reference/openapi.ts'
import { ROOT } from './variables.ts'

const OUT = join(ROOT, 'dist')
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc')
const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
const STYLES = 'client/react/dialog.css'

rmSync(OUT, { recursive: true, force: true })
execFileSync(process.execPath, [TSC, '-p', 'tsconfig.build.json', '--singleThreaded'], {
  cwd: ROOT,
  stdio: 'inherit',
})
// The compiler rewrites the extensions of imports in modules, but not in declarations.
for (const name of readdirSync(OUT, { recursive: true, encoding: 'utf8' })) {
  if (!name.endsWith('.d.ts')) continue
  const file = join(OUT, name)
  const text = readFileSync(file, 'utf8')
  writeFileSync(file, text.replace(/((?:from|import) ?\(?'\.[^']*)\.tsx?'/g, "$1.js'"))
}
cpSync(join(ROOT, STYLES), join(OUT, STYLES))
// Without a declaration, TypeScript refuses to import the styles, unless the types of a bundler declare them.
writeFileSync(join(OUT, `${STYLES}.d.ts`), 'export {}\n')
writeFileSync(join(OUT, 'openapi.json'), JSON.stringify(describeApi(version), null, 2))
console.log('The package is in dist/.')
