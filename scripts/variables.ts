// The variables of the local service. Random values are written once into `.dev.vars`, which `wrangler dev` reads
// too. The environment of the process takes precedence over the file.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { Complaint } from './terminal.ts'

/** The project's root, with a trailing slash. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/**
 * Returns the file of variables. Tests name another one in COUNTERSIGN_DEV_VARS, to leave a developer's file
 * alone.
 */
export const variablesFile = (): string => process.env.COUNTERSIGN_DEV_VARS || `${ROOT}.dev.vars`

/** Creates the value of each variable on the first run. */
const MAKERS = {
  ROOT_SECRET: () => randomText(),
  OPERATOR_KEY: () => `csk_op_${randomText()}`,
  // The private JWK with which the demo application signs.
  DEMO_ISSUER_KEY: () => makeIssuerKey(),
}

export type VariableName = keyof typeof MAKERS
export type Variables = Partial<Record<VariableName | 'RESTORE_EPOCH', string>>

/** Only the owner can read and write the file. */
export const FILE_MODE = 0o600
const HEAD = `# Written by \`npm start\`. See .dev.vars.example for a description of each variable. Keep this file secret.\n`

export const randomText = (): string => randomBytes(32).toString('base64url')

/** Creates a private ES256 key as a JWK, in one line. */
export async function makeIssuerKey(): Promise<string> {
  const { privateKey } = await generateKeyPair('ES256', { extractable: true })
  const jwk = await exportJWK(privateKey)
  return JSON.stringify({
    ...jwk,
    kid: await calculateJwkThumbprint(jwk),
    alg: 'ES256',
    use: 'sig',
  })
}

/**
 * Creates the file, or adds the missing variables. Existing values stay. Only the owner can read the file.
 *
 * @returns the names that were written
 * @example const written = await completeVariables(variablesFile())
 */
export async function completeVariables(file: string): Promise<string[]> {
  const known = readEnvFile(file)
  const missing = Object.entries(MAKERS).filter(([name]) => !known[name])
  if (missing.length === 0) return []
  const lines = await Promise.all(
    missing.map(async ([name, make]) => `${name}='${await make()}'\n`),
  )
  const found = existsSync(file)
  if (found) chmodSync(file, FILE_MODE)
  const text = found ? readFileSync(file, 'utf8') : HEAD
  const gap = text === '' || text.endsWith('\n') ? '' : '\n'
  writeFileSync(file, text + gap + lines.join(''), { mode: FILE_MODE })
  return missing.map(([name]) => name)
}

/** The line that earlier versions wrote: an address with a port that may be wrong now. */
const WRITTEN_URL = /^PUBLIC_URL='http:\/\/localhost:\d+'\n/m

/** Removes the address that earlier versions wrote into the file. Keeps an address that the user wrote. */
export function removeWrittenUrl(file: string): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (WRITTEN_URL.test(text)) writeFileSync(file, text.replace(WRITTEN_URL, ''))
}

/**
 * Reads the variables from the environment of the process, or else from the file.
 *
 * @throws Complaint if a needed variable has no value
 * @example const { OPERATOR_KEY } = readVariables(variablesFile(), ['OPERATOR_KEY'])
 */
export function readVariables<N extends VariableName>(
  file: string,
  needed: readonly N[],
): Variables & Record<N, string> {
  const inFile = readEnvFile(file)
  const read = (name: string) => process.env[name] || inFile[name] || undefined
  const names = [...Object.keys(MAKERS), 'RESTORE_EPOCH']
  const missing = needed.filter((name) => !read(name))
  if (missing.length > 0) {
    throw new Complaint(
      `${missing.join(' and ')} is missing in the environment and in ${file}: run \`npm start\`, which writes it.`,
    )
  }
  return Object.fromEntries(names.map((name) => [name, read(name)])) as Variables &
    Record<N, string>
}

/** Reads a file of variables. Returns an empty object if the file does not exist. */
export const readEnvFile = (file: string): Record<string, string | undefined> =>
  existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}

/** The variables of the service, which other programs must not get. */
export const SERVICE_VARIABLES = [
  'ROOT_SECRET',
  'OPERATOR_KEY',
  'DEMO_ISSUER_KEY',
  'RESTORE_EPOCH',
] as const

/** Returns the environment without some variables, because wrangler prefers its environment to the file. */
export const environmentWithout = (names: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)))
