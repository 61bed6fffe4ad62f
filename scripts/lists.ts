// Writes test/attacks/README.md from the names of the tests, and the pages about logins from the presets.
import { mkdirSync, writeFileSync } from 'node:fs'
import { ATTACK_LIST, attackList } from '../test/support/attack-list.ts'
import { loginPages } from '../test/support/login-pages.ts'

mkdirSync('docs/logins', { recursive: true })
for (const [path, text] of Object.entries(loginPages())) writeFileSync(path, text)
writeFileSync(ATTACK_LIST, attackList())
