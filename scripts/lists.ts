// Writes test/attacks/README.md from the names of the tests.
import { writeFileSync } from 'node:fs'
import { ATTACK_LIST, attackList } from '../test/support/attacklist.ts'

writeFileSync(ATTACK_LIST, attackList())
