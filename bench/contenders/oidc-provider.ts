// oidc-provider as a contender: its token endpoint and its introspection endpoint.
import { around, atOnce, numbers } from '../at-once.ts'
import { type BenchRequest, CLIENT, RESOURCE } from '../job.ts'
import type { Contender } from '../measure.ts'
import { contenderOf } from './ours.ts'
import { type Program, startProgram } from './programs.ts'

const TOKENS = 200

export const startOidcProvider = (): Promise<Program> => startProgram('oidc-provider')

const callOf = (path: string, input: Record<string, string>): BenchRequest => ({
  path,
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: `${new URLSearchParams({ client_id: CLIENT.id, client_secret: CLIENT.secret, ...input })}`,
})
const GRANT = { grant_type: 'client_credentials' }

/** The token endpoint, which signs a JWT. */
export const issue = (provider: Program): Contender =>
  contenderOf(provider, 'oidc-provider token endpoint', {
    expected: '"access_token":"ey',
    prepare: async (count) =>
      numbers(count).map(() =>
        callOf('/token', { ...GRANT, resource: RESOURCE, scope: 'wallet:export' }),
      ),
  })

/** The introspection endpoint, for opaque tokens. */
export async function introspect(provider: Program): Promise<Contender> {
  const tokens = await atOnce(numbers(TOKENS), async () => {
    const { path, headers, body } = callOf('/token', GRANT)
    const answer = await fetch(provider.url + path, { method: 'POST', headers, body })
    return ((await answer.json()) as { access_token: string }).access_token
  })
  return contenderOf(provider, 'oidc-provider introspection', {
    expected: '"active":true',
    prepare: async (count) =>
      numbers(count).map((index) =>
        callOf('/token/introspection', { token: around(tokens, index) }),
      ),
  })
}
