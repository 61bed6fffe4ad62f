// Every way in: each procedure of the router at each route that serves it, and the routes beside tRPC.
// A procedure that is added to the router is here without being named.
import type { $ZodType } from 'zod/v4/core'
import { appRouter } from '../../functions/router.ts'
import { cookieOf } from '../support/operators.ts'
import { type Call, callOf, PUBLIC_URL } from './calls.ts'
import { OPERATOR_ROUTE } from './cast.ts'
import { type Kitchen, RECIPES } from './recipes.ts'

type Fresh = (kitchen: Kitchen) => Promise<Call>

export interface Door {
  name: string
  /** A call that is good, and not yet made. */
  fresh: Fresh
  input?: $ZodType | undefined
  output?: $ZodType | undefined
  /** The procedure's name, where there is one. */
  procedure?: string
  /** Whether an accepted call may change what is stored. */
  changes: boolean
  /** Whether operators guard themselves by then. */
  guarded: boolean
  /** Whether anything is good there at all. */
  opens: boolean
}

interface Definition {
  type: 'query' | 'mutation'
  inputs: $ZodType[]
  output?: $ZodType
}
const procedures = appRouter._def.procedures as unknown as Record<string, { _def: Definition }>

const names = Object.keys(procedures)
/** What operators alone call; everything else is called by users or resources. */
const OPERATORS = /^(environment|subject|operator|stats)\.|^policy\.simulate$/
/** What is served to both, each in a place of their own. */
const BOTH = /^audit\./
/** What resources alone call: operators are users of Countersign, and have no resource. */
const RESOURCES = ['policy.list', 'token.consume']

/** Operators have no backend that could vouch for them. */
const SHUT = ['unknown paths', 'operator/token.exchange']

function doorOf(name: string, procedure: string, guarded = false): Door {
  const def = procedures[procedure]?._def
  const recipe = RECIPES[name] ?? RECIPES[procedure]
  if (!def || !recipe) throw new Error(`recipes.ts has no recipe for ${name}: add one`)
  return {
    ...{ name, procedure, guarded },
    fresh: (kitchen) => recipe(kitchen, procedure),
    input: def.inputs[0],
    output: def.output,
    changes: def.type === 'mutation',
    opens: !SHUT.includes(name),
  }
}

const METADATA = '.well-known/oauth-authorization-server'
const PAGES: Record<string, (environment: string) => string> = {
  'key set': (environment) => `/${environment}/.well-known/jwks.json`,
  metadata: (environment) => `/${environment}/${METADATA}`,
  'metadata by path': (environment) => `/${METADATA}/${environment}`,
  health: () => '/health',
  console: () => '/console',
}

/** The headers by which a page calls after it has signed in. */
const asPage = async ({ cast }: Kitchen): Promise<Record<string, string>> => ({
  cookie: await cookieOf(cast.operatorKey),
  origin: PUBLIC_URL,
  'countersign-csrf': '1',
})
const path = '/console/session'
const SESSIONS: Record<string, Fresh> = {
  'sign-in': async ({ cast: { operatorKey } }) => {
    const headers = { authorization: `Bearer ${operatorKey}`, origin: PUBLIC_URL }
    return { method: 'POST', path, headers }
  },
  'sign-out': async (kitchen) => ({ method: 'DELETE', path, headers: await asPage(kitchen) }),
  'a page with its cookie': async (kitchen) => {
    const call = callOf(OPERATOR_ROUTE, 'operator.self', undefined, {})
    return { ...call, headers: { ...call.headers, ...(await asPage(kitchen)) } }
  },
}

const unknownPath: Fresh = async ({ cast: { realm }, pick }) => ({
  method: pick('GET', 'POST', 'PUT'),
  path: pick(
    ...['/', '/favicon.ico', '/.env', '/health/x', '/trpc/x', '/console/../health', '//x'],
    ...[`/${realm.id}`, `/${realm.id}/x`, `/${realm.id}/trpc`, '/%00', '/x'.repeat(300)],
    ...['/operator/.well-known/jwks.json', '/access/trpc/policy.check', '/__proto__/trpc/x.y'],
    ...[`/${realm.id}/trpc/no.such`, `/${realm.id}/trpc/`],
  ),
  headers: { 'content-type': 'application/json' },
})

const beside = (name: string, fresh: Fresh, changes = false): Door => ({
  ...{ name, fresh, changes },
  guarded: false,
  opens: !SHUT.includes(name),
})
const BESIDE: Door[] = [
  ...Object.entries(PAGES).map(([name, pathOf]) =>
    beside(name, async ({ cast }) => ({ method: 'GET', path: pathOf(cast.realm.id), headers: {} })),
  ),
  ...Object.entries(SESSIONS).map(([name, fresh]) => beside(name, fresh, true)),
  beside('unknown paths', unknownPath),
]

/** Changes of operators that are tried once more when a step-up is asked for them. */
const CHANGES = ['environment.update', 'operator.create', 'subject.resetFactors']

/** All doors. */
export const DOORS: readonly Door[] = [
  ...names.map((name) => doorOf(name, name)),
  ...names.filter((name) => BOTH.test(name)).map((name) => doorOf(`operator/${name}`, name)),
  ...BESIDE,
  ...names
    .filter((name) => !OPERATORS.test(name) && !BOTH.test(name) && !RESOURCES.includes(name))
    .map((name) => doorOf(`operator/${name}`, name, true)),
  ...CHANGES.map((name) => doorOf(`guarded ${name}`, name, true)),
]
