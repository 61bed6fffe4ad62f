// Writes test/attacks/README.md from the names of the tests, the pages about logins from the presets, and docs/scale.md
// from the costs of calls.
import { mkdirSync, writeFileSync } from 'node:fs'
import { ATTACK_LIST, attackList } from '../test/support/attack-list.ts'
import { loginPages } from '../test/support/login-pages.ts'
import { SCALE_PAGE, scalePage } from '../test/support/scale/page.ts'

mkdirSync('docs/logins', { recursive: true })
for (const [path, text] of Object.entries(loginPages())) writeFileSync(path, text)
writeFileSync(ATTACK_LIST, attackList())
writeFileSync(SCALE_PAGE, scalePage())
