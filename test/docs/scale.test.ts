// docs/scale.md is generated, so that it counts with what calls cost now.
import { expect, it } from 'vitest'
import { readPage } from '../support/markdown.ts'
import { SCALE_PAGE, scalePage } from '../support/scale/page.ts'

it('the page about scale is what `npm run generate` writes', () => {
  expect(readPage(SCALE_PAGE)).toBe(scalePage())
})
