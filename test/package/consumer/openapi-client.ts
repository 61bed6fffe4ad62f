// A client whose types openapi-typescript makes from the OpenAPI document. It is only type-checked.
import type { components, paths } from './api.ts'

type Path = keyof paths
type Input<P extends Path> = NonNullable<
  paths[P]['post']['requestBody']
>['content']['application/json']
type Answer<P extends Path> = paths[P]['post']['responses'][200]['content']['application/json']
type Problem = components['schemas']['Problem']

async function call<P extends Path>(
  path: P,
  input: Input<P>,
): Promise<Answer<P> | { refused: Problem }> {
  const address = `https://countersign.example${path.replace('{environment}', 'shop')}`
  const response = await fetch(address, { method: 'POST', body: JSON.stringify(input) })
  return response.ok
    ? ((await response.json()) as Answer<P>)
    : { refused: (await response.json()) as Problem }
}

const AUTHORIZE = '/{environment}/v1/action/authorize'
const answer = await call(AUTHORIZE, { action: 'order.refund', subject: 'alice' })
if ('refused' in answer) {
  const { reason, requirement, wwwAuthenticate }: Problem = answer.refused
  const acr: 'recovery' | 'mfa' | 'phr' | undefined = requirement?.acr
  if (reason === 'step_up_required') console.log(wwwAuthenticate, acr)
  // @ts-expect-error: there is no such reason.
  if (reason === 'no_reason') console.log()
} else if (answer.by === 'token') {
  const scopes: string | undefined = 'scope' in answer.claims ? answer.claims.scope : undefined
  console.log(scopes)
}

// @ts-expect-error: the user is missing.
await call(AUTHORIZE, { action: 'order.refund' })
// @ts-expect-error: there is no such method.
await call('/{environment}/v1/challenge/start', { method: 'totp' })

const verified = await call('/{environment}/v1/challenge/verify', {
  method: 'totp',
  code: '123456',
})
if (!('refused' in verified)) {
  const expiresAt: number | undefined = verified.elevatedToken?.expiresAt
  console.log(expiresAt)
}
const created = await call('/operator/v1/environment/createResourceKey', {
  environment: 'shop',
  audience: 'https://api.shop.example',
})
if (!('refused' in created)) console.log(created.key satisfies string)
