// DPoP (RFC 9449) with an independent client and resource server, oauth4webapi, unmodified: the service and the guard
// accept its proofs, and it accepts our tokens.
import * as oauth from 'oauth4webapi'
import { describe, expect, it } from 'vitest'
import { dpop } from '../../client/resource/dpop.ts'
import { createGuard } from '../../client/resource.ts'
import { DPOP_HEADER, type EnvironmentSettings } from '../../contract/index.ts'
import { AUDIENCE, makeEnvironment, PUBLIC_URL, viaWorker } from '../support/service.ts'

const API = new URL('https://api.example/export')
const ACTIONS: EnvironmentSettings['actions'] = [
  { action: 'wallet.waas.export', base: { require: 'always', methods: ['assertion'] } },
]

/** A client of the library with a key, the token that it gets for a proof, and an API behind the guard. */
async function scene(senderConstrained: 'dpop' | 'dpopNonce') {
  const environment = await makeEnvironment({ actions: ACTIONS, senderConstrained })
  const [user, resource] = await Promise.all([environment.user(), environment.resource()])
  const handle = oauth.DPoP({}, await oauth.generateKeyPair('ES256'))
  const ask = (token: string, url: URL, body: string, fetch: typeof globalThis.fetch) => {
    const headers = new Headers({ 'content-type': 'application/json' })
    const options = {
      DPoP: handle,
      [oauth.customFetch]: fetch as never,
      [oauth.allowInsecureRequests]: true,
    }
    return oauth.protectedResourceRequest(token, 'POST', url, headers, body, options)
  }

  /** A call of the service carries the session as a bearer, so that its proof is in a header of its own. */
  const toService: typeof fetch = (input, init) => {
    const request = new Request(input, init)
    request.headers.set(DPOP_HEADER, request.headers.get('dpop') ?? '')
    request.headers.set('authorization', `Bearer ${user.bearer()}`)
    return viaWorker(request)
  }
  const earn = async () => {
    const assertion = await environment.assertion({ sub: user.subject, scope: 'wallet:export' })
    const url = new URL(`${environment.issuer}/v1/token/exchange`)
    const exchange = () => ask(user.bearer(), url, JSON.stringify({ assertion }), toService)
    const first = await exchange()
    const second = first.status === 400 ? await exchange() : undefined
    const answer: { elevatedToken: { token: string; tokenType: string } } = await (
      second ?? first
    ).json()
    return { ...answer.elevatedToken, wasAskedForNonce: second !== undefined }
  }

  const guard = createGuard({
    ...{ url: PUBLIC_URL, environment: environment.id, audience: AUDIENCE },
    ...{ resourceKey: resource.key, fetch: viaWorker, tokenHeader: 'authorization' },
    dpop: dpop({ publicUrl: API.origin }),
  })
  const rule = { action: 'wallet.waas.export', subject: user.subject }
  const handler = guard.requireStepUpFetch(rule, () => new Response('done'))
  const export_ = (token: string) =>
    ask(token, API, '', (input, init) => handler(new Request(input, init)))
  return { environment, handle, earn, export_ }
}

describe('a client of oauth4webapi', () => {
  it.each([
    ['dpop', false],
    ['dpopNonce', true],
  ] as const)(
    'earns a token with its proof, and spends it at a guard: %s',
    async (required, asksForNonce) => {
      const { earn, export_ } = await scene(required)
      const { token, tokenType, wasAskedForNonce } = await earn()
      expect([tokenType, wasAskedForNonce]).toEqual(['DPoP', asksForNonce])
      const first = await export_(token).catch((error: unknown) => error)
      expect(oauth.isDPoPNonceError(first)).toBe(asksForNonce)
      const done = asksForNonce ? await export_(token) : first
      expect(done).toMatchObject({ status: 200 })
      await expect(export_(token)).rejects.toBeInstanceOf(oauth.WWWAuthenticateChallengeError)
    },
  )

  it('accepts our token as a resource server, with the proof of its key alone', async () => {
    const { environment, handle, earn } = await scene('dpop')
    const { token } = await earn()
    const { issuer } = environment
    const server = { issuer, jwks_uri: `${issuer}/.well-known/jwks.json` }
    const received = async (by: typeof handle) => {
      let request = new Request(API)
      await oauth.protectedResourceRequest(token, 'POST', API, undefined, undefined, {
        DPoP: by,
        [oauth.customFetch]: (async (input: string, init: RequestInit) => {
          request = new Request(input, init)
          return new Response()
        }) as never,
      })
      return oauth.validateJwtAccessToken(server, request, AUDIENCE, {
        requireDPoP: true,
        [oauth.customFetch]: viaWorker as never,
        [oauth.allowInsecureRequests]: true,
      })
    }
    expect(await received(handle)).toMatchObject({ iss: issuer, scope: 'wallet:export' })
    const stranger = oauth.DPoP({}, await oauth.generateKeyPair('ES256'))
    await expect(received(stranger)).rejects.toThrow('confirmation mismatch')
  })
})
