// Writes client/generated.ts: the type of the router, with the schema names of the contract. Fails if a procedure
// uses a schema that the contract does not export. With --check, writes nothing and fails if the file is outdated.
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import * as contract from '../contract/index.ts'
import { appRouter } from '../functions/router.ts'

const TARGET = new URL('../client/generated.ts', import.meta.url)

/** The members of tRPC's definition of a procedure that are read here. */
interface Definition {
  type: 'query' | 'mutation' | 'subscription'
  inputs: unknown[]
  output?: unknown
}

const names = new Map<unknown, string>(
  Object.entries(contract).map(([name, value]) => [value, name]),
)

function nameOf(schema: unknown, path: string, side: string): string {
  const name = names.get(schema)
  if (name) return name
  throw new Error(`${path}: its ${side} must be a schema that contract/index.ts exports`)
}

interface Entry {
  path: string
  type: 'Query' | 'Mutation'
  input: string
  output: string
}

function describe([path, procedure]: [string, unknown]): Entry {
  const { type, inputs, output } = (procedure as { _def: Definition })._def
  if (type === 'subscription') throw new Error(`${path}: the contract has no subscriptions`)
  if (inputs.length !== 1) throw new Error(`${path}: a procedure has exactly one input schema`)
  return {
    path,
    type: type === 'query' ? 'Query' : 'Mutation',
    input: nameOf(inputs[0], path, 'input'),
    output: nameOf(output, path, 'output'),
  }
}

function render(entries: Entry[]): string {
  const nouns = Map.groupBy(entries, ({ path }) => path.split('.')[0] ?? path)
  const used = [...new Set(entries.flatMap(({ input, output }) => [input, output]))]
  const imports = [...used, 'Reason', 'Requirement', 'SettingsPlace'].sort()
  const body = [...nouns].map(([noun, procedures]) => {
    const lines = procedures.map(
      ({ path, type, input, output }) =>
        `    ${path.slice(noun.length + 1)}: ${type}<${input}, ${output}>`,
    )
    return `  ${noun}: {\n${lines.join('\n')}\n  }`
  })
  return `// Written by scripts/generate.ts from the router; never edited. \`npm run generate\` rewrites it.
import type { TRPCBuiltRouter, TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server'
import type {
${imports.map((name) => `  ${name},`).join('\n')}
} from '../contract/index.ts'

/** The \`error.data\` of every refusal: the reason, and data that the caller needs. */
export interface CountersignErrorData {
  reason: Reason
  retryAfterSeconds?: number
  attemptsLeft?: number
  requirement?: Requirement
  /** The refused part of a settings document. */
  place?: SettingsPlace
  /** The nonce for the next DPoP proof (RFC 9449, section 8). */
  dpopNonce?: string
  /** The header WWW-Authenticate with which an API passes the refusal on to its caller. */
  wwwAuthenticate?: string
}

type Query<Input, Output> = TRPCQueryProcedure<{ input: Input; output: Output; meta: unknown }>
type Mutation<Input, Output> = TRPCMutationProcedure<{ input: Input; output: Output; meta: unknown }>

/** Every procedure of the contract. */
export interface CountersignProcedures {
${body.join('\n')}
}

/** The router's type, for \`createTRPCClient\`. */
export type CountersignRouter = TRPCBuiltRouter<
  {
    ctx: object
    meta: object
    errorShape: { message: string; code: number; data: CountersignErrorData }
    transformer: false
  },
  // An interface has no index signature, which a record of procedures must have.
  { [Noun in keyof CountersignProcedures]: CountersignProcedures[Noun] }
>
`
}

/** Formats the file in the style of the project. */
function format(source: string): string {
  const biome = fileURLToPath(new URL('../node_modules/.bin/biome', import.meta.url))
  const args = ['check', '--write', '--stdin-file-path=client/generated.ts']
  const { status, stdout, stderr } = spawnSync(biome, args, { input: source, encoding: 'utf8' })
  if (status !== 0) throw new Error(`the formatter refuses the generated file: ${stderr}`)
  return stdout
}

const procedures: [string, unknown][] = Object.entries(appRouter._def.procedures)
const written = format(render(procedures.map(describe)))

if (process.argv.includes('--check')) {
  if (readFileSync(TARGET, 'utf8') !== written) {
    console.error('client/generated.ts is out of date. Run `npm run generate`.')
    process.exit(1)
  }
} else {
  writeFileSync(TARGET, written)
  console.log(`client/generated.ts: ${procedures.length} procedures`)
}
