#!/usr/bin/env node
// `npm create countersign DIR`: writes the smallest application into a new folder.
import { cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const [folder, ...more] = process.argv.slice(2)
if (!folder || folder.startsWith('-') || more.length > 0) fail('npm create countersign DIR')
const target = resolve(folder)
if (existsSync(target)) fail(`${folder} exists already: name a new folder.`)

cpSync(fileURLToPath(new URL('template', import.meta.url)), target, { recursive: true })
// npm leaves files of these names out of a package, or reads them in it.
renameSync(join(target, '_gitignore'), join(target, '.gitignore'))
const manifest = JSON.parse(readFileSync(join(target, '_package.json'), 'utf8'))
const name = basename(target)
  .toLowerCase()
  .replaceAll(/[^a-z0-9-]+/g, '-')
writeFileSync(join(target, 'package.json'), `${JSON.stringify({ name, ...manifest }, null, 2)}\n`)
rmSync(join(target, '_package.json'))

console.log(`The application is in ${folder}. Its README.md says how to start it.`)

/** @param {string} message */
function fail(message) {
  console.error(message)
  process.exit(2)
}
