// Writes test/attacks/README.md from the names of the tests.
import { writeFileSync } from 'node:fs'
import { ATTACK_LIST, attackList } from '../test/support/attack-list.ts'

writeFileSync(ATTACK_LIST, attackList())
