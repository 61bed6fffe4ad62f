// Writes test/attacks/README.md from the names of the tests, and docs/logins.md from the presets.
import { writeFileSync } from 'node:fs'
import { ATTACK_LIST, attackList } from '../test/support/attack-list.ts'
import { LOGINS_PAGE, loginsPage } from '../test/support/logins-page.ts'

writeFileSync(LOGINS_PAGE, loginsPage())
writeFileSync(ATTACK_LIST, attackList())
