// A simulated Countersign on Node: one resource with one action, its key, and single-use tokens. It answers only
// the calls of a guard. Other tests check these answers with the real service.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { exportJWK, generateKeyPair, SignJWT } from 'jose'
import { isChallenge } from '../../contract/shared/challenge.ts'

const RULE = {
  action: 'wallet.waas.export',
  scope: 'wallet:export',
  methods: ['totp'],
  acr: 'mfa',
  singleUse: true,
  freshnessSeconds: 300,
  details: 'optional',
}
const ENVIRONMENT = 'demo'
const AUDIENCE = 'https://wallet.example'
const RESOURCE_KEY = 'csk_res_for-tests-alone'

/** Listens on a free port of this machine. */
export async function listen(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server: Server = createServer(answer)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What the policy decides about a user without a token. Everybody else must step up. */
const WITHOUT_TOKEN: Record<string, string> = {
  bob: 'permit',
  carol: 'enrollment_required',
  dave: 'denied',
}

/** Starts it. */
export async function startStandIn() {
  const { publicKey, privateKey } = await generateKeyPair('ES256')
  const keySet = {
    keys: [{ ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' }],
  }
  const spent = new Set<string>()

  const answers: Record<string, (input: Record<string, string>) => [status: number, body: object]> =
    {
      'policy.list': () => {
        const more = { acceptsMfaToken: false, mode: 'enforce', conditional: false }
        return answered({
          version: 1,
          epoch: 0,
          audience: AUDIENCE,
          actions: [{ ...RULE, ...more }],
        })
      },
      'action.authorize': ({ subject = '', token }) => {
        const without = WITHOUT_TOKEN[subject]
        const decided = { ...RULE, required: false, reason: 'not_enrolled', lifetimeSeconds: 300 }
        if (without === 'permit') {
          const decision = { ...decided, decision: 'permit' }
          return answered({ authorized: true, by: 'policy', decision })
        }
        if (without || token === undefined) return refused(401, without ?? 'step_up_required')
        const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString())
        if (spent.has(claims.jti)) return refused(401, 'token_used')
        spent.add(claims.jti)
        return answered({ authorized: true, by: 'token', replayed: false, claims })
      },
    }
  const server = await listen(async (request, response) => {
    const name = request.url?.split('/').at(-1) ?? ''
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const known = request.headers.authorization === `Bearer ${RESOURCE_KEY}`
    const [status, body] =
      name === 'jwks.json'
        ? [200, keySet]
        : known
          ? (answers[name]?.(JSON.parse(String(Buffer.concat(chunks)))) ??
            refused(404, 'not_found'))
          : refused(401, 'unauthenticated')
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))
  })

  const mint = (subject: string, claims: object = {}, details?: Record<string, unknown>) => {
    const at = Math.floor(Date.now() / 1000)
    return new SignJWT({
      iss: `${server.url}/${ENVIRONMENT}`,
      sub: subject,
      aud: AUDIENCE,
      client_id: ENVIRONMENT,
      jti: crypto.randomUUID(),
      iat: at,
      exp: at + 60,
      auth_time: at,
      amr: ['otp'],
      acr: 'mfa',
      scope: RULE.scope,
      singleUse: true,
      epoch: 0,
      ...(details && { authorization_details: [{ type: RULE.action, ...details }] }),
      ...claims,
    })
      .setProtectedHeader({ alg: 'ES256', typ: 'at+jwt', kid: 'k1' })
      .sign(privateKey)
  }
  const options = {
    url: server.url,
    environment: ENVIRONMENT,
    audience: AUDIENCE,
    resourceKey: RESOURCE_KEY,
  }
  return { ...server, action: RULE.action, mint, options, spent }
}

const answered = (data: object): [number, object] => [200, { result: { data } }]
const refused = (status: number, reason: string): [number, object] => [
  status,
  {
    error: {
      message: 'No.',
      code: -32_000,
      data: { reason, ...(isChallenge(reason) && { requirement: RULE }) },
    },
  },
]
