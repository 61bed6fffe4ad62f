// The list of attacks is generated, so that no test can be missing from it or be listed under an old name.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ATTACK_LIST, attackList } from '../support/attack-list.ts'

it('the list of attacks is what `npm run generate` writes', () => {
  expect(readFileSync(ATTACK_LIST, 'utf8')).toBe(attackList())
}, 60_000)
