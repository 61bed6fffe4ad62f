// The pages about logins are generated, so that they say what the presets do.
import { globSync, readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { presets } from '../../contract/index.ts'
import { loginPages } from '../support/login-pages.ts'

it('the pages about logins are what `npm run generate` writes, one for each preset', () => {
  const paths = ['docs/logins.md', ...globSync('docs/logins/*.md')]
  expect(Object.fromEntries(paths.map((path) => [path, readFileSync(path, 'utf8')]))).toEqual(
    loginPages(),
  )
  expect(paths).toHaveLength(1 + Object.keys(presets).length)
})
