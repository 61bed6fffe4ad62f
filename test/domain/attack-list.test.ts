// The list of attacks is generated, so that it lists every test under its current name.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { ATTACK_LIST, attackList } from '../support/attack-list.ts'

it('the list of attacks is what `npm run generate` writes', () => {
  expect(readFileSync(ATTACK_LIST, 'utf8')).toBe(attackList())
}, 60_000)
