// Arbitraries of an attacker's changes to a valid call: its input, bytes, headers, credentials, method and
// address. Each change is a function that prints a description of itself.
import fc from 'fast-check'
import { PUBLIC_URL } from '../support/service.ts'
import { type Call, callOf, TOKEN_HEADER } from './calls.ts'
import { odd } from './inputs.ts'

export type Change = (call: Call) => Call
type Edit = (old: unknown) => unknown
/** What of a text is replaced, and by what. */
type Rewrite = readonly [pattern: RegExp, by: string]

const named = <T, Old, New>(
  name: string,
  drawn: fc.Arbitrary<T>,
  make: (drawn: T, old: Old) => New,
): fc.Arbitrary<(old: Old) => New> =>
  drawn.map((value) =>
    Object.assign((old: Old) => make(value, old), {
      [fc.toStringMethod]: () => `${name} ${fc.stringify(value)}`,
    }),
  )

const rewrites = (pattern: RegExp, by: readonly string[]): Rewrite[] =>
  by.map((one) => [pattern, one])
const WHOLE = /^.*$/s
const PIECES = [...'a0.-_ /:\0\u202eé🧨', '\ud83d', '%2f', '']
const spliced = fc.tuple(fc.nat(), fc.nat(1), fc.constantFrom(...PIECES))

/** Changes of a text: a piece is put anywhere, or a pattern is rewritten. */
const texts = (known: readonly Rewrite[]): fc.Arbitrary<(text: string) => string> =>
  fc.oneof(
    named('splice', spliced, ([index, drop, piece], text: string) => {
      const at = index % (text.length + 1)
      return text.slice(0, at) + piece + text.slice(at + drop)
    }),
    named('cut', fc.nat(), (at, text: string) => text.slice(0, at % (text.length + 1))),
    named('rewrite', fc.constantFrom(...known), (to, text: string) => text.replace(...to)),
  )

const isParent = (value: unknown): value is object => typeof value === 'object' && value !== null
const textFrom = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
const EXTRA = ['extra', '__proto__', 'constructor', 'type', 'acr', '0', '', 'subject', 'toString']
const added = fc.tuple(fc.constantFrom(...EXTRA), odd)
const MULTIPLES = [1 + 2 ** -20, -1, 2 ** 40, 0.5]

/** What may happen to one part of a value. A part that becomes undefined is left out. */
const edits: fc.Arbitrary<Edit> = fc.oneof(
  named('=', odd, (value) => value),
  named('drop', fc.constant(''), () => undefined),
  named('add', added, ([key, value], old: unknown) =>
    isParent(old) && !Array.isArray(old)
      ? Object.fromEntries([...Object.entries(old), [key, value]])
      : [old, value],
  ),
  named('text', texts(rewrites(WHOLE, ['$&$&', '$&=', '$&'])), (to, old) => to(textFrom(old))),
  named('times', fc.constantFrom(...MULTIPLES), (by, old) => Number(textFrom(old)) * by),
)

const bent = fc.array(fc.tuple(fc.nat(), edits), { minLength: 1, maxLength: 2 })
/** Functions that change one or two parts of a JSON value, at any depth. */
const bends: fc.Arbitrary<Edit> = named('bend', bent, (parts, old) =>
  parts.reduce((value, [index, to]) => {
    const paths = pathsOf(value)
    return edit(value, paths[index % paths.length] ?? [], to)
  }, old),
)

const pathsOf = (value: unknown): string[][] => [
  [],
  ...(isParent(value) ? Object.entries(value) : []).flatMap(([key, member]) =>
    pathsOf(member).map((path) => [key, ...path]),
  ),
]

/** Returns a copy with the part at a path edited, also where a member is named `__proto__`. */
function edit(value: unknown, [key, ...rest]: string[], to: Edit): unknown {
  if (key === undefined || !isParent(value)) return to(value)
  const entries = Object.entries(value).map(([name, member]): [string, unknown] => [
    name,
    name === key ? edit(member, rest, to) : member,
  ])
  return Array.isArray(value) ? entries.map(([, member]) => member) : Object.fromEntries(entries)
}

const change = <T>(
  name: string,
  drawn: fc.Arbitrary<T>,
  make: (drawn: T, call: Call) => Partial<Call>,
): fc.Arbitrary<Change> =>
  named(name, drawn, (value, call: Call) => ({ ...call, ...make(value, call) }))

const NESTED = [20, 400, 15_000].flatMap((depth) => [
  '['.repeat(depth) + ']'.repeat(depth),
  `${'{"a":'.repeat(depth)}0${'}'.repeat(depth)}`,
])
const NUMBERS = ['1e999', '-1e999', '-0', '9'.repeat(400), '01', '.5', '0x1', 'NaN', ...NESTED]
const ESCAPES = ['\\ud800', '\\u0000', '\\x', '\\uffff', '\\udfff\\ud83d', '\u0007']
const MEMBERS = ['"__proto__":{"admin":true},', `"filler":"${'x'.repeat(66_000)}",`]
const BODIES: Rewrite[] = [
  ...rewrites(WHOLE, ['[$&]', '{"0":$&}', '{"json":$&}', '\ufeff$&', '$&$&', '', ...NESTED]),
  ...rewrites(/$/, ['}', ',', '\0', ' '.repeat(60_000), ' '.repeat(70_000)]),
  ...rewrites(/(?<=[{,])/, MEMBERS),
  ...rewrites(/"(\w+)":/, ['"$1":null,$&', '"$1":{},$&', '"$1":"x",$&']),
  ...rewrites(/(?<=:\s*")/, ESCAPES),
  ...rewrites(/(?<=:)("[^"]*"|[^,}]*)/, NUMBERS),
]
const flips = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 })
const textOf = ({ body = '' }: Call): string =>
  typeof body === 'string' ? body : new TextDecoder().decode(body)
const codesOf = (call: Call): number[] => [...textOf(call)].map((c) => c.charCodeAt(0))

/** Changes of the bytes of a body. */
const bytes = fc.oneof(
  change('body', texts(BODIES), (to, call) => ({ body: to(textOf(call)) })),
  change('flip', flips, (bits, call) => {
    const body = Uint8Array.from(new TextEncoder().encode(textOf(call)))
    for (const [index, bit] of body.length > 0 ? bits : []) {
      const at = index % body.length
      body[at] = (body[at] ?? 0) ^ (1 << bit)
    }
    return { body }
  }),
  change('UTF-16', fc.constant(''), (_, call) => ({
    body: Uint8Array.from([255, 254, ...codesOf(call).flatMap((code) => [code & 255, code >> 8])]),
  })),
)

const VALUES = ['', ' ', '0', 'null', '*', 'a'.repeat(9000), "' OR 1=1", '../', '{}', ',']
const HEADERS: Record<string, readonly string[]> = {
  'content-type': [
    ...['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'],
    ...['application/json; charset=utf-16', 'application/json;', 'application/json, text/plain'],
    ...['application/jsonx', 'APPLICATION/JSON', 'application/trpc+json', 'application/jsonl'],
  ],
  'content-encoding': ['gzip', 'br', 'deflate', 'identity', 'x'],
  'content-length': ['0', '1', '70000', '-1', '1e9', 'x'],
  'transfer-encoding': ['chunked', 'gzip'],
  origin: ['null', 'https://evil.example', 'https://app.example', PUBLIC_URL, 'app.example'],
  cookie: ['__Host-countersign=', '__Host-countersign=x; __Host-countersign=y', ';;=;', 'a=%ff'],
  'countersign-csrf': ['1', '0', '11'],
  authorization: ['Bearer', 'Bearer ', 'Basic YTpi', 'DPoP x', 'bearer x y', 'Bearer a.b.c'],
  [TOKEN_HEADER]: ['a.b.c', '.', 'eyJhbGciOiJub25lIn0.e30.', 'x'],
  ...{ 'x-http-method-override': ['GET', 'DELETE'], 'if-none-match': ['*'] },
  ...{ 'trpc-accept': ['application/jsonl'], 'trpc-batch-mode': ['stream'], range: ['bytes=0-1'] },
  accept: ['text/html', 'text/event-stream', 'application/jsonl'],
  ...{ 'cf-connecting-ip': ['127.0.0.1', 'x'], 'cf-ipcountry': ['NL', 'XX', 'T1'] },
  ...{ 'access-control-request-method': ['POST', 'PUT'], upgrade: ['websocket'], dpop: ['x'] },
  ...{ 'countersign-dpop': ['x', 'a.b.c', 'a.b.c, a.b.c'] },
  ...{ host: ['evil.example', 'localhost:1'], expect: ['100-continue'] },
}
/** Headers that are set; undefined for one that is left out. */
type Headers = Record<string, string | undefined>
const someHeaders: fc.Arbitrary<Headers> = fc
  .constantFrom(...Object.entries(HEADERS))
  .chain(([name, known]) => fc.record({ [name]: fc.constantFrom(...known, ...VALUES, undefined) }))
const withHeaders = (set: Headers, { headers }: Call): Pick<Call, 'headers'> => ({
  headers: JSON.parse(JSON.stringify({ ...headers, ...set })),
})

const base64 = (text: string): string => btoa(text).replaceAll('=', '')
const UNSIGNED = base64('{"alg":"none","typ":"JWT"}')
const PARTS = ['', 'e30', 'bnVsbA', 'W10', '!!', base64('{"exp":1e999}'), 'MQ']
const TOKENS: Rewrite[] = [
  ...rewrites(/^(.*)\.(.*)\.(.*)$/, ['$3.$2.$1', '$1.$2', '$1.$2.', `${UNSIGNED}.$2.$3`]),
  ...rewrites(/$/, ['=', '.', 'A', '~', ' ', '.x']),
  ...rewrites(WHOLE, ['$&'.repeat(12)]),
  ...[/^[^.]*/, /(?<=\.)[^.]*(?=\.)/, /[^.]*$/].flatMap((part) => rewrites(part, PARTS)),
]
const SCHEMES = ['Bearer ', 'Bearer ', 'Bearer ', 'bearer ', 'DPoP ', '', 'Bearer\t']

/** Changes of the bearer or the elevated token: another's in its place, none, or itself damaged. */
const credentials = (others: readonly string[]): fc.Arbitrary<Change> => {
  const shown = fc.oneof(fc.constantFrom(undefined, 'own token', ...others), texts(TOKENS))
  const drawn = fc.tuple(fc.boolean(), fc.constantFrom(...SCHEMES), shown)
  return change('credential', drawn, ([elevated, scheme, to], call) => {
    const token = call.headers[TOKEN_HEADER]
    const name = token !== undefined && elevated ? TOKEN_HEADER : 'authorization'
    const own = (call.headers[name] ?? '').replace(/^Bearer /, '')
    const damaged = (by: (text: string) => string) => by(own).replace(/[^ -~]/g, '~')
    const value = typeof to === 'function' ? damaged(to) : to === 'own token' ? token : to
    const prefix = name === 'authorization' ? scheme : ''
    return withHeaders({ [name]: value === undefined ? value : prefix + value }, call)
  })
}

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST', 'PROPFIND', 'QUERY']
const TAILS = [
  ...['?batch=1', '?batch=0', '?input=%7B%7D', '?input=%ff', '?x', '/', '//', '.x', ',x.y', '?'],
  ...['%00', '%2e%2e/', '/../../health', ';a=b', '#x', '%', '%zz', '?lang=constructor'],
]

/** Changes of the method and of the address. */
const addresses = (routes: readonly string[]): fc.Arbitrary<Change> => {
  const last = rewrites(/[^/]*$/, ['../$&', '~$&', '%00$&', `${'a'.repeat(3000)}$&`])
  const paths = texts([...rewrites(/$/, TAILS), ...rewrites(/(?<=^\/)[^/]*/, routes), ...last])
  const changed = change('path', paths, (to, { path }) => ({ path: `/${to(path).slice(1)}` }))
  return fc.oneof(
    change('method', fc.constantFrom(...METHODS), (method) => ({ method })),
    { weight: 3, arbitrary: changed },
    change('upper case', fc.constant(''), (_, { path }) => ({ path: path.toUpperCase() })),
  )
}

/** Returns an arbitrary of everything that may be done to a good call; `others` are credentials of others. */
export function changesOf(
  { procedure }: { procedure?: string },
  input: fc.Arbitrary<unknown> | undefined,
  routes: readonly string[],
  others: readonly string[],
): fc.Arbitrary<Change> {
  const bodyOf = (value: unknown) => ({ body: JSON.stringify(value) ?? '' })
  const values = input ?? fc.constant({})
  const drawn = fc.tuple(values, fc.nat(), fc.option(bends))
  const member = change('member', drawn, ([value, index, to], call) => {
    const members = isParent(value) ? Object.entries(value) : []
    const merged = { ...JSON.parse(textOf(call) || '{}') }
    for (const [key, one] of members.slice(index % members.length).slice(0, 1)) merged[key] = one
    return bodyOf(to ? to(merged) : merged)
  })
  const bentBody = change('body', bends, (to, { body }) =>
    body ? bodyOf(to(JSON.parse(String(body)))) : {},
  )
  const callers = fc.tuple(fc.constantFrom(...routes), fc.constantFrom(...others), values)
  const caller = change('caller', callers, ([route, bearer, value]) =>
    callOf(route, procedure ?? 'a.b', bearer, value),
  )
  const headers = fc.tuple(someHeaders, someHeaders).map(([one, other]) => ({ ...one, ...other }))
  const countries = fc.constantFrom('NL', 'US', 'T1', 'XX', '')
  return fc.oneof(
    { weight: input ? 3 : 0, arbitrary: change('input', values, bodyOf) },
    { weight: input ? 3 : 0, arbitrary: member },
    { weight: procedure ? 3 : 1, arbitrary: bentBody },
    { weight: procedure ? 3 : 1, arbitrary: bytes },
    { weight: 2, arbitrary: change('headers', headers, withHeaders) },
    { weight: 2, arbitrary: credentials(others) },
    { weight: procedure ? 1 : 4, arbitrary: addresses(routes) },
    { weight: 1, arbitrary: change('country', countries, (country) => ({ country })) },
    { weight: 1, arbitrary: caller },
  )
}
