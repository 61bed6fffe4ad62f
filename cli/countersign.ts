#!/usr/bin/env node
// The command `countersign`: what a developer asks from a terminal.
/// <reference types="node" />
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { parseArgs } from 'node:util'
import type { JSONWebKeySet } from 'jose'
import { createClient } from '../client/index.ts'
import { verifyReceipt } from '../client/receipt.ts'

const HELP = `countersign openapi
  Prints the OpenAPI document of the HTTP API.

countersign try-session --url URL --environment ID
  Says which user a session token names, or why it is refused. Reads the token from the
  standard input, and an operator key from the variable COUNTERSIGN_OPERATOR_KEY.

countersign verify-receipt FILE --jwks FILE|URL [--details FILE]
  Says what a receipt proves, or why it proves nothing. The key set is the one at
  /ENVIRONMENT/receipts/jwks.json of the service.`

const RECEIPT_NEEDS = 'FILE and --jwks are needed.'
const REFUSED_EXIT_CODE = 1
const USAGE_EXIT_CODE = 2

/** A mistake in the command line. */
class Usage extends Error {}

/** Each command, which returns its exit code. */
const COMMANDS: Record<string, (args: string[]) => number | Promise<number>> = {
  openapi: () => {
    process.stdout.write(readFileSync(new URL('../openapi.json', import.meta.url)))
    return 0
  },

  'try-session': async (args) => {
    const option = { type: 'string' } as const
    const { url, environment } = readOptions({ url: option, environment: option }, args)
    const { COUNTERSIGN_OPERATOR_KEY: key } = process.env
    if (!url || !environment) throw new Usage('--url and --environment are needed.')
    if (!key) throw new Usage('Set COUNTERSIGN_OPERATOR_KEY to the key of an operator.')
    const token = (await text(process.stdin)).trim()
    const operator = createClient({ url, environment: 'operator', bearer: () => key })
    const tried = await operator.environment.trySession.query({ environment, token })
    console.log(JSON.stringify(tried, null, 2))
    return tried.accepted ? 0 : REFUSED_EXIT_CODE
  },

  'verify-receipt': async (args) => {
    const option = { type: 'string' } as const
    const [file = '-', ...rest] = args
    if (file.startsWith('-')) throw new Usage(RECEIPT_NEEDS)
    const { jwks, details } = readOptions({ jwks: option, details: option }, rest)
    if (!jwks) throw new Usage(RECEIPT_NEEDS)
    const verdict = await verifyReceipt(await readJson(file), {
      jwks: (await readJson(jwks)) as JSONWebKeySet,
      ...(details && { details: (await readJson(details)) as Record<string, unknown> }),
    })
    console.log(JSON.stringify(verdict, null, 2))
    return verdict.valid ? 0 : REFUSED_EXIT_CODE
  },
}

/** Reads a file or an address. */
const readJson = async (source: string): Promise<unknown> =>
  /^https?:/.test(source) ? (await fetch(source)).json() : JSON.parse(readFileSync(source, 'utf8'))

function readOptions<T extends Record<string, { type: 'string' }>>(options: T, args: string[]) {
  try {
    return parseArgs({ options, args }).values
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error))
  }
}

const [name = '', ...args] = process.argv.slice(2)
try {
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (!command) throw new Usage(name ? `There is no command ${name}.` : '')
  process.exitCode = await command(args)
} catch (error) {
  const { message } = error as Error
  console.error(error instanceof Usage ? `${message}\n\n${HELP}`.trim() : message)
  process.exitCode = USAGE_EXIT_CODE
}
