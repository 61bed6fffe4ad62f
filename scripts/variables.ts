// The variables of a local run: random ones, written once into `.dev.vars`, where `wrangler dev`
// reads them too. Variables of the process win over the file.
import { randomBytes } from 'node:crypto'
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { calculateJwkThumbprint, exportJWK, generateKeyPair } from 'jose'
import { Complaint } from './terminal.ts'

/** The project's root, with a slash at its end. */
export const ROOT = fileURLToPath(new URL('..', import.meta.url))

/** The file. COUNTERSIGN_DEV_VARS names another one, so that tests leave a developer's own alone. */
export const variablesFile = (): string => process.env.COUNTERSIGN_DEV_VARS || `${ROOT}.dev.vars`

/** The names, and how the value of each is made on the first run. */
const MAKERS = {
  ROOT_SECRET: () => randomText(),
  OPERATOR_KEY: () => `csk_op_${randomText()}`,
  // The private JWK with which the pretended application of the demo environment signs.
  DEMO_ISSUER_KEY: () => makeIssuerKey(),
}

export type VariableName = keyof typeof MAKERS
export type Variables = Partial<Record<VariableName | 'RESTORE_EPOCH', string>>

/** For the owner alone. */
export const FILE_MODE = 0o600
const HEAD = `# Written by \`npm start\`; .dev.vars.example says what each of these is. Keep it to yourself.\n`

export const randomText = (): string => randomBytes(32).toString('base64url')

/** A private ES256 key as a JWK, in one line. */
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
 * Creates the file, or adds the variables that it lacks; existing ones stay. Only its owner can read it.
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

/** What earlier versions wrote: an address that is wrong on every other port. */
const WRITTEN_URL = /^PUBLIC_URL='http:\/\/localhost:\d+'\n/m

/** Takes the address out of the file that earlier versions wrote there. One in another form is the user's own. */
export function removeWrittenUrl(file: string): void {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : ''
  if (WRITTEN_URL.test(text)) writeFileSync(file, text.replace(WRITTEN_URL, ''))
}

/**
 * The variables in force: the environment of the process, else the file.
 *
 * @throws Complaint where one of the names that are needed has no value
 * @example const { OPERATOR_KEY } = readVariables(variablesFile(), ['OPERATOR_KEY'])
 */
export function readVariables<N extends VariableName>(
  file: string,
  needed: readonly N[],
): Variables & Record<N, string> {
  const inFile = readEnvFile(file)
  const inForce = (name: string) => process.env[name] || inFile[name] || undefined
  const names = [...Object.keys(MAKERS), 'RESTORE_EPOCH']
  const missing = needed.filter((name) => !inForce(name))
  if (missing.length > 0) {
    throw new Complaint(
      `${missing.join(' and ')} stands neither in the environment nor in ${file}: \`npm start\` writes it there.`,
    )
  }
  return Object.fromEntries(names.map((name) => [name, inForce(name)])) as Variables &
    Record<N, string>
}

/** Reads a file of variables; returns nothing if the file does not exist. */
export const readEnvFile = (file: string): Record<string, string | undefined> =>
  existsSync(file) ? parseEnv(readFileSync(file, 'utf8')) : {}

/** The service's own, which are no matter of what else is started here. */
export const SERVICE_VARIABLES = [
  'ROOT_SECRET',
  'OPERATOR_KEY',
  'DEMO_ISSUER_KEY',
  'RESTORE_EPOCH',
] as const

/** Wrangler prefers its own environment to the file, so what stands there is taken out of it. */
export const environmentWithout = (names: readonly string[]): NodeJS.ProcessEnv =>
  Object.fromEntries(Object.entries(process.env).filter(([name]) => !names.includes(name)))
