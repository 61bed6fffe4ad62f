// A call as it is sent, and what an attacker does to one that was good: to its bytes, its headers, its
// bearer, its method and its address. What is in the body is bent in inputs.ts.
import { ODD } from './inputs.ts'
import type { Random } from './random.ts'

export interface Call {
  method: string
  /** With a slash at its beginning, and its query. */
  path: string
  headers: Record<string, string>
  body?: string | Uint8Array<ArrayBuffer> | undefined
  /** As the platform would tell it. */
  country?: string | undefined
}

export const PUBLIC_URL = 'http://localhost:8787'
export const TOKEN_HEADER = 'countersign-token'
const JSON_TYPE = 'application/json'

/** A call of a procedure as a client makes it. */
export const callOf = (
  route: string,
  procedure: string,
  bearer: string | undefined,
  input: unknown,
  token?: string,
): Call => ({
  method: 'POST',
  path: `/${route}/trpc/${procedure}`,
  headers: {
    'content-type': JSON_TYPE,
    ...(bearer !== undefined && { authorization: `Bearer ${bearer}` }),
    ...(token !== undefined && { [TOKEN_HEADER]: token }),
  },
  body: JSON.stringify(input) ?? '',
})

/** The request of a call; undefined for one that no client could send. */
export function requestOf({ method, path, headers, body, country }: Call): Request | undefined {
  try {
    const bodiless = method === 'GET' || method === 'HEAD'
    return new Request(PUBLIC_URL + path, {
      method,
      headers,
      redirect: 'manual',
      ...(!bodiless && body !== undefined && { body }),
      ...(country !== undefined && { cf: { country } }),
    })
  } catch {
    return undefined
  }
}

const toBytes = (body: Call['body']): Uint8Array<ArrayBuffer> =>
  typeof body === 'string' ? Uint8Array.from(new TextEncoder().encode(body)) : (body ?? NOTHING)
const toText = (body: Call['body']): string =>
  typeof body === 'string' ? body : new TextDecoder().decode(body)
const NOTHING = new Uint8Array()

type Change = (call: Call, random: Random) => Call

/** Damages the bytes of a body. */
export const damageBody: Change = (call, random) => {
  const body = random.weighted(BODY_DAMAGES)(call, random)
  return { ...call, body }
}

const BODY_DAMAGES: (readonly [number, (call: Call, random: Random) => Call['body']])[] = [
  [5, ({ body }, random) => flipped(toBytes(body), random)],
  [2, ({ body }, random) => toBytes(body).slice(0, random.below(toBytes(body).length + 1))],
  [2, ({ body }, random) => toText(body).replace(/"(\w+)":/, `"$1":${odd(random)},"$1":`)],
  [2, ({ body }, random) => toText(body).replace(/:("[^"]*"|\d+)/, `:${nested(random)}`)],
  [1, (_call, random) => nested(random)],
  [1, ({ body }) => `\ufeff${toText(body)}`],
  [1, ({ body }) => toText(body).replace(/[{,]/, '$&"__proto__":{"admin":true},')],
  [1, ({ body }, random) => toText(body).replace(/:\s*"/, `:"${random.pick(ESCAPES)}`)],
  [1, ({ body }, random) => toText(body).replace(/:[^,}]*/, `:${random.pick(NUMBERS)}`)],
  [1, ({ body }, random) => toText(body) + random.pick(['}', ',', ' ', '\u0000', toText(body)])],
  [1, ({ body }) => `[${toText(body)}]`],
  [1, ({ body }) => `{"0":${toText(body)}}`],
  [1, ({ body }) => `{"json":${toText(body)}}`],
  [1, ({ body }) => utf16(toText(body))],
  [0.3, ({ body }, random) => toText(body) + ' '.repeat(random.pick([60_000, 65_536, 70_000]))],
  [0.3, ({ body }) => toText(body).replace(/[{,]/, `$&"filler":"${'x'.repeat(66_000)}",`)],
  [0.5, () => ''],
  [0.5, () => undefined],
]

const ESCAPES = ['\\ud800', '\\u0000', '\\x', '\\u202e', '\\uffff', '\\udfff\\ud83d', '\u0007']
const NUMBERS = ['1e999', '-1e999', '-0', '1e-999', '9'.repeat(400), '01', '.5', '0x1', 'NaN']

function flipped(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice()
  for (let times = 1 + random.below(3); times > 0 && copy.length > 0; times -= 1) {
    const at = random.below(copy.length)
    copy[at] = (copy[at] ?? 0) ^ (1 << random.below(8))
  }
  return copy
}

const odd = (random: Random): string => JSON.stringify(random.pick(ODD))

function nested(random: Random): string {
  const depth = random.weighted([
    [4, random.below(20)],
    [2, random.below(400)],
    [0.2, 15_000],
  ])
  const [open, shut] = random.pick([
    ['[', ']'],
    ['{"a":', '}'],
  ] as const)
  return open.repeat(depth) + (open === '[' ? '' : '0') + shut.repeat(depth)
}

const utf16 = (text: string): Uint8Array<ArrayBuffer> =>
  Uint8Array.from([0xff, 0xfe, ...[...text].flatMap((c) => [c.charCodeAt(0) & 255, 0])])

const VALUES = ['', ' ', '0', 'null', '*', 'a'.repeat(9000), "' OR 1=1", '../', '{}', ',']

/** Sets, drops or bends headers. */
export const bendHeaders: Change = (call, random) => {
  const headers = { ...call.headers }
  for (let times = 1 + random.below(2); times > 0; times -= 1) {
    const name = random.pick(HEADER_NAMES)
    const known = HEADERS[name] ?? []
    if (random.chance(0.15)) delete headers[name]
    else headers[name] = random.chance(0.75) && known[0] ? random.pick(known) : random.pick(VALUES)
  }
  return { ...call, headers }
}

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
  'x-http-method-override': ['GET', 'DELETE'],
  'trpc-accept': ['application/jsonl'],
  'trpc-batch-mode': ['stream'],
  accept: ['text/html', 'text/event-stream', 'application/jsonl'],
  'cf-connecting-ip': ['127.0.0.1', 'x'],
  'cf-ipcountry': ['NL', 'XX', 'T1'],
  'access-control-request-method': ['POST', 'PUT'],
  'if-none-match': ['*'],
  range: ['bytes=0-1'],
  host: ['evil.example', 'localhost:1'],
  expect: ['100-continue'],
  upgrade: ['websocket'],
  dpop: ['x', 'a.b.c'],
}
const HEADER_NAMES = Object.keys(HEADERS)

/** Puts something else in the place of the bearer, or of the elevated token: another's, or its own, bent. */
export const bendCredential =
  (others: readonly string[]): Change =>
  (call, random) => {
    const held = call.headers[TOKEN_HEADER] !== undefined
    const name = held && random.chance(0.5) ? TOKEN_HEADER : 'authorization'
    const { [name]: shown = '', ...headers } = call.headers
    const own = shown.replace(/^Bearer /, '')
    const changed = random.weighted<() => string | undefined>([
      [4, () => (others.length > 0 ? random.pick(others) : undefined)],
      [4, () => bentCredential(own, random)],
      [1, () => undefined],
    ])()
    if (changed === undefined) return { ...call, headers }
    const scheme = random.chance(0.9)
      ? 'Bearer '
      : random.pick(['bearer ', 'DPoP ', '', 'Bearer\t'])
    return { ...call, headers: { ...headers, [name]: held ? changed : scheme + changed } }
  }

/** A token or key with a part flipped, cut, doubled, moved or replaced. */
function bentCredential(own: string, random: Random): string {
  const parts = own.split('.')
  const at = random.below(own.length + 1)
  return random.weighted([
    [4, () => own.slice(0, at) + random.pick([...'AZaz09-_']) + own.slice(at + 1)],
    [1, () => own.slice(0, at)],
    [1, () => own + random.pick(['=', '.', 'A', '~', ' '])],
    [1, () => parts.toReversed().join('.')],
    [1, () => [...parts, 'x'].join('.')],
    [1, () => parts.slice(0, -1).join('.')],
    [1, () => `${parts.slice(0, 2).join('.')}.`],
    [1, () => [UNSIGNED, ...parts.slice(1)].join('.')],
    [1, () => parts.with(random.below(parts.length), random.pick(PARTS)).join('.')],
    [0.5, () => own.repeat(12)],
  ])()
}

const UNSIGNED = btoa('{"alg":"none","typ":"JWT"}').replaceAll('=', '')
const PARTS = ['', 'e30', 'bnVsbA', 'W10', '!!', btoa('{"exp":1e999}').replaceAll('=', ''), 'MQ']

/** Asks by another method, at another address, or with something behind it. */
export const bendAddress =
  (routes: readonly string[]): Change =>
  (call, random) =>
    random.weighted<() => Call>([
      [3, () => ({ ...call, method: random.pick(METHODS) })],
      [2, () => ({ ...call, path: call.path + random.pick(TAILS) })],
      [2, () => ({ ...call, path: `/${random.pick(routes)}${call.path.replace(/^\/[^/]*/, '')}` })],
      [1, () => ({ ...call, path: withFragment(call.path, random) })],
      [1, () => ({ ...call, path: call.path.toUpperCase() })],
    ])()

const METHODS = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'POST', 'PROPFIND', 'QUERY']
const TAILS = [
  ...['?batch=1', '?batch=0', '?input=%7B%7D', '?input=%ff', '?x', '/', '//', '.x', ',x.y', '?'],
  ...['%00', '%2e%2e/', '/../../health', ';a=b', '#x', '%', '%zz', '?lang=constructor'],
]

function withFragment(path: string, random: Random): string {
  const at = 1 + random.below(path.length)
  const [piece] = [random.pick(['/', '.', '%2f', '%00', '\u00e9', '~', '..', 'a'.repeat(3000)])]
  return path.slice(0, at) + piece + path.slice(at)
}
