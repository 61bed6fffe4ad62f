// A Countersign that tests can steer: it answers the calls of the guard, mints tokens as the real one
// does, and spends each once. That the real one and the guard agree is tested elsewhere.
import { decodeJwt, exportJWK, generateKeyPair, type JWTPayload, SignJWT } from 'jose'
import { vi } from 'vitest'
import { canonical } from '../../../contract/index.ts'
import { PUBLIC_URL } from './wallet.ts'

const URL_OF = 'http://localhost:8787'
const ISSUER = `${URL_OF}/wallet`
/** Those whose token must be bound to details, as the settings of `npm start` say. */
const BOUND = ['wallet.waas.sign', 'wallet.waas.refresh', 'wallet.waas.reshare']
const ACTIONS = ['sign', 'export', 'refresh', 'reshare'].map((name) => ({
  action: `wallet.waas.${name}`,
  scope: `wallet:${name}`,
  methods: ['totp', 'passkey', 'recovery'],
  acr: 'mfa',
  singleUse: true,
  freshnessSeconds: 300,
  details: BOUND.includes(`wallet.waas.${name}`) ? 'required' : 'optional',
  acceptsMfaToken: false,
  mode: 'enforce',
  conditional: false,
}))

const { publicKey, privateKey } = await generateKeyPair('ES256', { extractable: true })
const publicJwk = { ...(await exportJWK(publicKey)), kid: 'cs', alg: 'ES256', use: 'sig' }
const spent = new Set<string>()
/** Whether users are asked for a step-up; without, every action is permitted. */
export const countersign = { enrolled: false, silent: false, consumed: 0 }

const now = () => Math.floor(Date.now() / 1000)

/** An elevated token for one scope. */
export const mint = (
  subject: string,
  scope: string,
  details?: Record<string, unknown>,
): Promise<string> =>
  new SignJWT({
    client_id: 'wallet',
    scope,
    auth_time: now(),
    amr: ['otp'],
    acr: 'mfa',
    singleUse: true,
    epoch: 0,
    ...(details && {
      authorization_details: [{ ...details, type: `wallet.waas.${scope.slice('wallet:'.length)}` }],
    }),
  })
    .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'cs' })
    .setIssuer(ISSUER)
    .setAudience(PUBLIC_URL)
    .setSubject(subject)
    .setJti(crypto.randomUUID().replaceAll('-', ''))
    .setIssuedAt(now())
    .setExpirationTime(now() + 300)
    .sign(privateKey)

const result = (data: unknown) => Response.json({ result: { data } })
const refused = (status: number, reason: string) =>
  Response.json({ error: { message: reason, code: -32_000, data: { reason } } }, { status })

interface Input {
  action: string
  token?: string
  subject: string
  details?: object
}

function claimsOf(token: string): JWTPayload {
  try {
    return decodeJwt(token)
  } catch {
    return {}
  }
}

/** Whether a token is good for what is about to be done: the last word, whatever a guard checked. */
function fits(token: string, { action, subject, details }: Input): boolean {
  const {
    sub,
    scope,
    authorization_details: [bound] = [],
  } = claimsOf(token) as JWTPayload & {
    authorization_details?: object[]
  }
  const wanted = details && canonical({ ...details, type: action })
  const required = BOUND.includes(action)
  if (bound ? canonical(bound) !== wanted : required) return false
  return sub === subject && scope === action.replace('.waas.', ':')
}

/** The procedures that the guard calls. */
const PROCEDURES: Record<string, (input: Input) => Response> = {
  'policy.list': () => result({ version: 1, epoch: 0, actions: ACTIONS }),
  'action.authorize': (input) => {
    const { action, token } = input
    if (!countersign.enrolled) {
      const { mode, conditional, acceptsMfaToken, ...rule } =
        ACTIONS.find((known) => known.action === action) ?? {}
      const why = { required: false, reason: 'not_enrolled', lifetimeSeconds: 300 }
      const decision = { ...rule, ...why, decision: 'permit' }
      return result({ authorized: true, by: 'policy', decision })
    }
    if (token === undefined) return refused(401, 'step_up_required')
    if (!fits(token, input)) return refused(401, 'details_mismatch')
    if (spent.has(token)) return refused(401, 'token_used')
    spent.add(token)
    countersign.consumed += 1
    return result({ authorized: true, by: 'token', replayed: false, claims: claimsOf(token) })
  },
}

/** Answers for Countersign from now on. Every other address is out of reach. */
export function serveCountersign(): void {
  vi.stubGlobal('fetch', async (input: RequestInfo | URL, init?: RequestInit) => {
    const request = new Request(input, init)
    if (countersign.silent) throw new TypeError('no network')
    if (request.url === `${ISSUER}/.well-known/jwks.json`)
      return Response.json({ keys: [publicJwk] })
    const name = new URL(request.url).pathname.replace('/wallet/trpc/', '')
    const answer = request.url.startsWith(`${ISSUER}/trpc/`) ? PROCEDURES[name] : undefined
    if (!answer) throw new TypeError(`no such address: ${request.url}`)
    const text = await request.text()
    return answer(text === '' ? {} : JSON.parse(text))
  })
}
