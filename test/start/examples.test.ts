// The code that README and "Getting started" tell a developer to write, run with the service: examples/hello as
// `npm run hello` starts it, with each of its APIs, and the two blocks of README's quick start.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { Secret, TOTP } from 'otpauth'
import { createCookie } from 'react-router'
import { afterAll, beforeAll, describe, expect, it, test, vi } from 'vitest'
import { createClient } from '../../client/index.ts'
import { nextFreePort } from '../../scripts/ports.ts'
import { operatorClient } from '../../scripts/provision.ts'
import { readVariables } from '../../scripts/variables.ts'
import { fastapiPython, isAbsent, type Peer, withPeer } from '../peers/support/peers.ts'
import { blocksOf, readPage } from '../support/markdown.ts'
import { awayFromStepEnd } from '../support/steps.ts'
import { type Running, runScript } from './support/commands.ts'
import { enrollAndStepUp } from './support/wallet.ts'

const TIMEOUT = 120_000
const folder = mkdtempSync(join(tmpdir(), 'countersign-examples-'))
const state = join(folder, 'state')
const variables = { COUNTERSIGN_DEV_VARS: join(folder, 'vars') }
/** Below the root, where the blocks of README find their packages. */
const written = resolve('.tsbuild/quickstart')

let service: Running
let url: string

beforeAll(async () => {
  const port = await nextFreePort(18_900)
  url = `http://localhost:${port}`
  service = runScript('start', ['--no-wallet', '--port', String(port), '--state', state], variables)
  await service.said('Countersign runs.')
}, TIMEOUT)
afterAll(async () => {
  service.child.kill('SIGTERM')
  await service.ended
  rmSync(folder, { recursive: true })
  rmSync(written, { recursive: true, force: true })
}, TIMEOUT)

type SignIn = (page: string, name: string) => Promise<string>

/** Signs in as the page of examples/hello does. Returns the session token. */
const signInByCall: SignIn = async (page, name) => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify({ name })
  return (await fetch(`${page}/sign-in`, { method: 'POST', headers, body })).text()
}

/** Signs in as the form of examples/react-router does. Returns the session token that the cookie holds. */
const signInByForm: SignIn = async (page, name) => {
  const body = new URLSearchParams({ name })
  const answer = await fetch(`${page}/`, { method: 'POST', body, redirect: 'manual' })
  const [cookie = ''] = answer.headers.getSetCookie()
  return createCookie('session').parse(cookie)
}

/**
 * The APIs of the example, and what each needs besides npm packages. Each has a port of its own: the service keeps the
 * keys of an address, and each API signs with a new one.
 */
const APIS: { api: string; needs?: Peer; firstPort: number; signIn: SignIn }[] = [
  { api: 'typescript', firstPort: 18_950, signIn: signInByCall },
  { api: 'python', needs: 'fastapi', firstPort: 18_955, signIn: signInByCall },
  { api: 'go', needs: 'go', firstPort: 18_960, signIn: signInByCall },
  { api: 'react-router', firstPort: 18_965, signIn: signInByForm },
]

describe.each(APIS)(
  'npm run hello -- --api $api',
  { timeout: TIMEOUT },
  ({ api, needs, firstPort, signIn }) => {
    const absent = needs !== undefined && isAbsent(needs)
    const it = test.skipIf(absent)
    const named = (name: string) => (needs ? withPeer(needs, name) : name)
    let hello: Running
    let page: string

    beforeAll(async () => {
      if (absent) return
      const port = await nextFreePort(firstPort)
      page = `http://localhost:${port}`
      const args = ['--api', api, '--port', String(port), '--state', state]
      hello = runScript('hello', args, { ...variables, PYTHON: fastapiPython })
      await hello.said(`Open ${page}`)
      await vi.waitFor(() => fetch(page), { timeout: 20_000, interval: 100 })
    }, TIMEOUT)
    afterAll(async () => {
      hello?.child.kill('SIGTERM')
      expect(await hello?.ended).not.toBe(1)
    })

    const post = (path: string, body: object, headers: Record<string, string> = {}) =>
      fetch(page + path, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(body),
      })

    /** Returns the headers of a signed-in user, for either kind of session. */
    const headersOf = async (session: string) => ({
      authorization: `Bearer ${session}`,
      cookie: await createCookie('session').serialize(session),
    })

    it(named('serves a page with its scripts and styles, which knows the service'), async () => {
      const headers = await headersOf(await signIn(page, 'ada'))
      const html = await (await fetch(page, { headers })).text()
      const files = [...html.matchAll(/(?:src|href)="([^"]+\.(?:js|css))"/g)]
      const answers = await Promise.all(
        files.map(([, file = '']) => fetch(new URL(file, page), { headers })),
      )
      const kinds = answers.map(({ headers }) => headers.get('content-type')?.split(';')[0])
      expect(new Set(kinds)).toEqual(new Set(['text/css', 'text/javascript']))
      const texts = await Promise.all(answers.map((answer) => answer.text()))
      expect(html + texts.join()).toContain(url)
    })

    it(named('refunds an order once, after a step-up for these details'), async () => {
      const details = { order: '17', amount: 25 }
      const session = await signIn(page, `ada of ${api}`)
      const signedIn = await headersOf(session)
      const before = await post('/refund', details, signedIn)
      expect(before.status).toBe(401)
      expect(await before.json()).toMatchObject({ reason: 'enrollment_required' })

      const countersign = createClient({ url, environment: 'hello', bearer: () => session })
      const token = await enrollAndStepUp({ countersign }, 'orders:refund', details)
      const headers = { ...signedIn, 'countersign-token': token }
      const other = await post('/refund', { ...details, amount: 2500 }, headers)
      expect(await other.json()).toMatchObject({ reason: 'details_mismatch' })
      const refunded = await post('/refund', details, headers)
      expect(await refunded.json()).toEqual({ refunded: details })
      const again = await post('/refund', details, headers)
      expect(await again.json()).toMatchObject({ reason: 'token_used' })
    })

    it(named('refunds nothing for a caller who is not signed in'), async () => {
      const refused = await post(
        '/refund',
        { order: '17', amount: 25 },
        { authorization: 'Bearer x' },
      )
      expect(refused.status).toBe(401)
      expect(await refused.json()).toMatchObject({ reason: 'unauthenticated' })
    })
  },
)

it('npm run hello names `npm start` where no service runs', async () => {
  const alone = runScript('hello', ['--state', join(folder, 'other')], variables)
  expect(await alone.ended).toBe(1)
  expect(alone.output()).toContain('run `npm start` in another terminal')
})

const SERVICE = 'http://localhost:8787'
const operatorKey = () =>
  readVariables(variables.COUNTERSIGN_DEV_VARS, ['OPERATOR_KEY']).OPERATOR_KEY

it('the calls of "Getting started" create an environment and a key', async () => {
  const page = 'docs/getting-started.md'
  const [settings] = blocksOf(page).filter(({ language }) => language === 'json')
  const calls = /^curl (\S+)[\s\S]*?-d (?:'([^']*)'|@environment\.json)/gm
  const answers: unknown[] = []
  for (const { 1: address = '', 2: body = settings?.code ?? '' } of readPage(page).matchAll(
    calls,
  )) {
    const answer = await fetch(address.replace(SERVICE, url), {
      method: 'POST',
      headers: { authorization: `Bearer ${operatorKey()}`, 'content-type': 'application/json' },
      // The environment of that name is there already, by `npm run hello`.
      body: body.replace('"environment": "hello"', '"environment": "guide"'),
    })
    answers.push(await answer.json())
  }
  const key = expect.stringMatching(/^csk_res_/)
  expect(answers).toMatchObject([
    { result: { data: { environment: 'guide' } } },
    { result: { data: { key } } },
  ])
})

describe('the quick start of README', { timeout: TIMEOUT }, () => {
  const API = 'https://api.shop.example'
  const details = { order: '17', amount: 25 }

  /** Imports a block as a file, with the address of this service in it. */
  async function importBlock(name: 'page' | 'API') {
    const [, after = ''] = readPage('README.md').split(`<!-- quick start: ${name} -->`)
    const code = /```ts\n([\s\S]*?)```/.exec(after)?.[1] ?? ''
    expect(code).toContain(SERVICE)
    mkdirSync(written, { recursive: true })
    const file = join(written, `${name}.ts`)
    writeFileSync(file, code.replaceAll(SERVICE, url))
    return import(/* @vite-ignore */ file)
  }

  /** Creates the environment that the blocks name. Returns the key of its API, and how its login signs. */
  async function createShop() {
    const { publicKey, privateKey } = await generateKeyPair('ES256')
    const login = { issuer: 'https://login.shop.example', audience: 'shop' }
    const { environment: environments } = operatorClient(url, operatorKey())
    await environments.create.mutate({
      environment: 'shop',
      settings: {
        session: {
          issuer: login.issuer,
          keys: { jwks: { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] } },
          audiences: [login.audience],
        },
        rpId: 'shop.example',
        origins: ['https://shop.example'],
        audiences: [API],
        actions: [
          {
            action: 'order.refund',
            scope: 'orders:refund',
            base: { require: 'always', details: 'required' },
          },
        ],
      },
    })
    const order = { environment: 'shop', audience: API }
    const { key } = await environments.createResourceKey.mutate(order)
    const signIn = (sub: string) =>
      new SignJWT({ auth_time: Math.floor(Date.now() / 1000), sid: 'session' })
        .setProtectedHeader({ alg: 'ES256' })
        .setIssuer(login.issuer)
        .setAudience(login.audience)
        .setSubject(sub)
        .setExpirationTime('5m')
        .sign(privateKey)
    return { key, signIn }
  }

  it('refunds an order after the code that the page asks for', async () => {
    const { key, signIn } = await createShop()
    const session = await signIn('ada')
    vi.stubEnv('COUNTERSIGN_RESOURCE_KEY', key)
    const { app } = await importBlock('API')
    const { Hono } = await import('hono')
    const server = new Hono<{ Variables: { userId: string } }>()
      .use(async (c, next) => {
        c.set('userId', c.req.header('authorization') === `Bearer ${session}` ? 'ada' : '')
        await next()
      })
      .route('/', app)

    // What the page has in a browser: its storage, a prompt, and addresses below its own.
    const realFetch = fetch
    await awayFromStepEnd(5_000)
    const secret = await enroll(session)
    const asked = vi.fn(() => new TOTP({ secret: Secret.fromBase32(secret) }).generate())
    vi.stubGlobal('sessionStorage', { getItem: () => session })
    vi.stubGlobal('window', { prompt: asked })
    class PageRequest extends Request {
      constructor(input: Parameters<typeof fetch>[0], init?: RequestInit) {
        super(input instanceof Request ? input : new URL(input, API), init)
      }
    }
    vi.stubGlobal('Request', PageRequest)
    vi.stubGlobal('fetch', (input: Parameters<typeof fetch>[0], init?: RequestInit) => {
      const request = new PageRequest(input, init)
      return request.url.startsWith(API) ? server.fetch(request) : realFetch(request)
    })
    const { refund } = await importBlock('page')

    const response: Response = await refund(details)
    expect(await response.json()).toEqual({ refunded: details })
    expect(asked).toHaveBeenCalledOnce()
    await expect(refund(details)).rejects.toMatchObject({ reason: 'code_already_used' })
    vi.unstubAllGlobals()
    vi.unstubAllEnvs()
  })

  /** Adds an authenticator app, with the code before the present one. Returns its secret. */
  async function enroll(session: string): Promise<string> {
    const { factor } = createClient({ url, environment: 'shop', bearer: () => session })
    const { factorId, ...shown } = await factor.enroll.mutate({ kind: 'totp' })
    if (!('secret' in shown)) throw new Error('no TOTP secret came back')
    const totp = new TOTP({ secret: Secret.fromBase32(shown.secret) })
    const code = totp.generate({ timestamp: Date.now() - 30_000 })
    await factor.confirm.mutate({ kind: 'totp', factorId, code })
    return shown.secret
  }
})
