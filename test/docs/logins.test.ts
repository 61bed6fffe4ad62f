// The page about logins is generated, so that it says what the presets do.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { presets } from '../../contract/index.ts'
import { LOGINS_PAGE, loginsPage } from '../support/logins-page.ts'

it('the page about logins is what `npm run generate` writes, with a section for each preset', () => {
  const text = readFileSync(LOGINS_PAGE, 'utf8')
  expect(text).toBe(loginsPage())
  const headings = [...text.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading)
  expect(headings).toEqual(Object.values(presets).map(({ name }) => name))
})
