// Writes the OpenAPI document and the reference among the files that the Worker serves.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { describeApi } from './openapi.ts'
import { renderPage } from './page.ts'

/** Writes the files into a folder. */
export async function writeReference(folder: string): Promise<void> {
  const manifest = readFileSync(join(import.meta.dirname, '../package.json'), 'utf8')
  const { version } = JSON.parse(manifest)
  mkdirSync(folder, { recursive: true })
  writeFileSync(join(folder, 'openapi.json'), JSON.stringify(describeApi(version)))
  for (const file of ['copy.ts', 'page.css'])
    await build({
      entryPoints: { reference: join(import.meta.dirname, file) },
      ...{ outdir: folder, bundle: true, minify: true, logLevel: 'error' },
    })
  // Last, because its time says that all are current.
  writeFileSync(join(folder, 'reference.html'), renderPage(version))
}
