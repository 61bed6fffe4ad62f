// Every way in: each procedure of the router at each route that serves it, and the routes beside tRPC.
// A procedure that is added to the router is here without being named.
import type { $ZodType } from 'zod/v4/core'
import { appRouter } from '../../functions/router.ts'
import { PUBLIC_URL } from './calls.ts'
import { type Kitchen, RECIPES, type Recipe } from './recipes.ts'
import type { Cast } from './stage.ts'

export interface Door {
  name: string
  /** A call that is good, and not yet made. */
  fresh: Recipe
  input?: $ZodType | undefined
  output?: $ZodType | undefined
  /** The procedure's name, where there is one. */
  procedure?: string
  /** The first segment of its address, where it is a procedure. */
  route: 'environment' | 'operator'
  /** Whether an accepted call may change what is stored. */
  changes: boolean
  /** Whether it may change the Directory, which all share: then calls go one after the other. */
  alone: boolean
  /** Whether operators guard themselves by then. */
  guarded: boolean
  /** Whether anything is good there at all. */
  opens: boolean
}

interface ProcedureDef {
  type: 'query' | 'mutation' | 'subscription'
  inputs: unknown[]
  output?: unknown
}

const procedures = new Map(
  Object.entries(appRouter._def.procedures as unknown as Record<string, { _def: object }>).map(
    ([name, { _def }]) => [name, _def as ProcedureDef],
  ),
)

const names = [...procedures.keys()]
/** What operators alone call; everything else is called by users or resources. */
const OPERATORS = /^(environment|subject|operator|stats)\.|^policy\.simulate$/
/** What is served to both, each in a place of their own. */
const BOTH = /^audit\./
/** What resources alone call: operators are users of Countersign, and have no resource. */
const RESOURCES = ['policy.list', 'token.consume']
/** What changes the list of environments or of operators. */
const ALONE = /^environment\.(create|remove)$|^operator\.(create|revoke)$/

/** Operators have no backend that could vouch for them. */
const SHUT = ['unknown paths', 'operator/token.exchange']

type Where = Pick<Door, 'route' | 'guarded'>

function doorOf(name: string, procedure: string, where: Where): Door {
  const def = procedures.get(procedure)
  const fresh = RECIPES[name] ?? RECIPES[procedure]
  if (!def || !fresh) throw new Error(`the fuzzing has no recipe for ${name}: add it in recipes.ts`)
  return {
    ...where,
    name,
    fresh,
    procedure,
    input: def.inputs[0] as $ZodType | undefined,
    output: def.output as $ZodType | undefined,
    changes: def.type === 'mutation',
    alone: ALONE.test(procedure),
    opens: !SHUT.includes(name),
  }
}

const get = (path: (cast: Cast) => string): Recipe => {
  return async ({ cast }) => ({ method: 'GET', path: path(cast), headers: {} })
}

const beside = (name: string, fresh: Recipe, alone = false): Door => ({
  name,
  fresh,
  route: 'environment',
  changes: alone,
  alone,
  guarded: false,
  opens: !SHUT.includes(name),
})

const signIn = (operatorKey: string) => ({
  method: 'POST',
  path: '/console/session',
  headers: { authorization: `Bearer ${operatorKey}`, origin: PUBLIC_URL },
})

/** Signs in, and gives the headers by which a page calls from then on. */
async function asPage({ cast, stage }: Kitchen): Promise<Record<string, string>> {
  const { path, ...init } = signIn(cast.operatorKey)
  const answer = await stage.lab.fetch(new Request(PUBLIC_URL + path, init))
  const cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? ''
  return { cookie, origin: PUBLIC_URL, 'countersign-csrf': '1' }
}

const BESIDE: Door[] = [
  beside(
    'key set',
    get(({ realm }) => `/${realm.id}/.well-known/jwks.json`),
  ),
  beside(
    'metadata',
    get(({ realm }) => `/${realm.id}/.well-known/oauth-authorization-server`),
  ),
  beside(
    'metadata by path',
    get(({ realm }) => `/.well-known/oauth-authorization-server/${realm.id}`),
  ),
  beside(
    'health',
    get(() => '/health'),
  ),
  beside(
    'console',
    get(() => '/console'),
  ),
  beside('sign-in', async ({ cast }) => signIn(cast.operatorKey), true),
  beside(
    'sign-out',
    async (kitchen) => ({
      method: 'DELETE',
      path: '/console/session',
      headers: await asPage(kitchen),
    }),
    true,
  ),
  beside(
    'a page with its cookie',
    async (kitchen) => ({
      method: 'POST',
      path: '/operator/trpc/operator.self',
      headers: { ...(await asPage(kitchen)), 'content-type': 'application/json' },
      body: '{}',
    }),
    true,
  ),
  beside('unknown paths', async ({ cast, random }) => ({
    method: random.pick(['GET', 'POST', 'PUT']),
    path: random.pick([
      ...['/', '/favicon.ico', '/.env', '/health/x', '/trpc/x', '/console/../health', '//x'],
      ...[`/${cast.realm.id}`, `/${cast.realm.id}/x`, `/${cast.realm.id}/trpc`, '/%00'],
      ...['/operator/.well-known/jwks.json', '/access/trpc/policy.check', '/x'.repeat(300)],
      ...[`/${cast.realm.id}/trpc/no.such`, `/${cast.realm.id}/trpc/`, '/__proto__/trpc/x.y'],
    ]),
    headers: { 'content-type': 'application/json' },
  })),
]

const AT_ENVIRONMENT: Where = { route: 'environment', guarded: false }
const AT_OPERATORS: Where = { route: 'operator', guarded: false }
const GUARDED: Where = { route: 'operator', guarded: true }
/** Changes of operators that are tried once more when a step-up is asked for them. */
const CHANGES = ['environment.update', 'operator.create', 'subject.resetFactors']

/** All doors, those behind which operators guard themselves last. */
export const DOORS: readonly Door[] = [
  ...names
    .filter((name) => !OPERATORS.test(name))
    .map((name) => doorOf(name, name, AT_ENVIRONMENT)),
  ...names.filter((name) => OPERATORS.test(name)).map((name) => doorOf(name, name, AT_OPERATORS)),
  ...names
    .filter((name) => BOTH.test(name))
    .map((name) => doorOf(`operator/${name}`, name, AT_OPERATORS)),
  ...BESIDE,
  ...names
    .filter((name) => !OPERATORS.test(name) && !BOTH.test(name) && !RESOURCES.includes(name))
    .map((name) => doorOf(`operator/${name}`, name, GUARDED)),
  ...CHANGES.map((name) => doorOf(`guarded ${name}`, name, GUARDED)),
]
