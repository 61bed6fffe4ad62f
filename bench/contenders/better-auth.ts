// better-auth as a contender, on workerd and on Node.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { TOTP, URI } from 'otpauth'
import { readWorker } from '../../scripts/prove/config.ts'
import { serve } from '../../scripts/prove/serve.ts'
import { given } from '../../scripts/tour/users.ts'
import {
  type Authenticator,
  type CreationOptions,
  createAuthenticator,
  type RequestOptions,
} from '../../test/support/authenticator.ts'
import { around, atOnce, numbers } from '../at-once.ts'
import { type BenchRequest, ORIGIN } from '../job.ts'
import type { Contender } from '../measure.ts'
import { contenderOf } from './ours.ts'
import { type Program, startProgram } from './programs.ts'

const PASSWORD = 'correct horse battery staple'

/** A running better-auth, and what it runs on. */
export interface BetterAuth extends Program {
  on: string
}

/** Starts better-auth on workerd with its memory adapter. */
export async function onWorkerd(signal: AbortSignal): Promise<BetterAuth> {
  const { date, flags, bundling } = await readWorker()
  const { fronts, pid, stop } = await serve({
    bundled: {
      worker: {
        ...{ main: 'bench/programs/better-auth-worker.ts', date, flags, objects: [], kv: [] },
        bundling: { ...bundling, alias: {} },
      },
      source: ['bench/programs', 'bench/job.ts', 'tsconfig.base.json'],
      packages: 'bench/node_modules',
    },
    ...{ room: 1, fronts: 1, signal },
  })
  return { on: 'workerd, memory', url: given(fronts[0], 'a front'), pid, stop }
}

/** Starts better-auth on Node with SQLite, whose file is in a folder. */
export async function onNode(folder: string): Promise<BetterAuth> {
  const own = mkdtempSync(join(folder, 'countersign-bench-'))
  const program = await startProgram('better-auth-node', join(own, 'auth.db'))
  const stop = () => {
    program.stop()
    rmSync(own, { recursive: true, force: true })
  }
  return { ...program, on: 'Node, SQLite', stop }
}

const callOf = (path: string, cookie: string, input: object): BenchRequest => ({
  path: `/api/auth${path}`,
  headers: { 'content-type': 'application/json', origin: ORIGIN, cookie },
  body: JSON.stringify(input),
})

const readOf = (path: string, cookie: string): BenchRequest => ({
  ...callOf(path, cookie, {}),
  ...{ method: 'GET', body: '' },
})

/** Makes a call. Returns its answer, and the cookies that are set after it. */
async function ask(url: string, { method = 'POST', path, headers, body }: BenchRequest) {
  const answer = await fetch(url + path, {
    ...{ method, headers },
    ...(method !== 'GET' && { body }),
  })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  const set = answer.headers.getSetCookie().map((cookie) => cookie.split(';')[0] ?? '')
  return { json: (await answer.json()) as Record<string, string>, cookie: set.join('; ') }
}

async function signUp({ url }: BetterAuth, name: string): Promise<string> {
  const input = { name, email: `${name}@demo.example`, password: PASSWORD }
  return (await ask(url, callOf('/sign-up/email', '', input))).cookie
}

/** Creates users with a session and an authenticator app. */
export const withApps = (peer: BetterAuth, users: number) =>
  atOnce(numbers(users), async (index) => {
    const session = await signUp(peer, `totp-${index}`)
    const { json } = await ask(
      peer.url,
      callOf('/two-factor/enable', session, { password: PASSWORD }),
    )
    const app = URI.parse(json.totpURI ?? '')
    if (!(app instanceof TOTP)) throw new Error('the address is not of a TOTP secret')
    const confirmed = callOf('/two-factor/verify-totp', session, { code: app.generate() })
    return { cookie: (await ask(peer.url, confirmed)).cookie, app }
  })
export type AppUsers = Awaited<ReturnType<typeof withApps>>

/** `get-session`. */
export const getSession = (peer: BetterAuth, users: AppUsers): Contender =>
  contenderOf(peer, `better-auth get-session (${peer.on})`, {
    expected: '"session":{',
    prepare: async (count) =>
      numbers(count).map((index) => readOf('/get-session', around(users, index).cookie)),
  })

/** `verify-totp` of a signed-in user. It accepts a code more than once, so a few users are enough. */
export const verifyTotp = (peer: BetterAuth, users: AppUsers): Contender =>
  contenderOf(peer, `better-auth verify-totp (${peer.on})`, {
    expected: '"token":"',
    prepare: async (count) =>
      numbers(count).map((index) => {
        const { cookie, app } = around(users, index)
        return callOf('/two-factor/verify-totp', cookie, { code: app.generate() })
      }),
  })

/** Creates users with a passkey. */
export const withPasskeys = (peer: BetterAuth, users: number): Promise<Authenticator[]> =>
  atOnce(numbers(users), async (index) => {
    const session = await signUp(peer, `passkey-${index}`)
    const rpId = new URL(ORIGIN).hostname
    const device = createAuthenticator({ origin: ORIGIN, rpId, counting: false })
    const { json, cookie } = await ask(
      peer.url,
      readOf('/passkey/generate-register-options', session),
    )
    const response = await device.register(json as unknown as CreationOptions)
    const cookies = `${session}; ${cookie}`
    await ask(peer.url, callOf('/passkey/verify-registration', cookies, { response }))
    return device
  })

/** `verify-authentication` with a passkey, each for a challenge of its own. */
export const verifyPasskey = (peer: BetterAuth, devices: readonly Authenticator[]): Contender =>
  contenderOf(peer, `better-auth passkey (${peer.on})`, {
    expected: '"session":{',
    prepare: (count) =>
      atOnce(numbers(count), async (index) => {
        const { json, cookie } = await ask(
          peer.url,
          readOf('/passkey/generate-authenticate-options', ''),
        )
        const options = json as unknown as RequestOptions
        const response = await around(devices, index).authenticate(options)
        return callOf('/passkey/verify-authentication', cookie, { response })
      }),
  })
