// better-auth on Node with SQLite. Its database file is the argument.
import { createServer } from 'node:http'
import { DatabaseSync } from 'node:sqlite'
import { betterAuth } from 'better-auth'
import { getMigrations } from 'better-auth/db/migration'
import { toNodeHandler } from 'better-auth/node'
import { announce } from './announce.ts'
import { optionsWith } from './better-auth.ts'

const database = new DatabaseSync(process.argv[2] ?? '')
database.exec('PRAGMA journal_mode = WAL')
const options = optionsWith(database)
await (await getMigrations(options)).runMigrations()
announce(createServer(toNodeHandler(betterAuth(options))))
