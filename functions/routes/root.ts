// The root path: redirects people to the dashboard, and describes the service to programs.
import type { Bindings } from '../env.ts'
import { CONSOLE_ROUTE } from './dashboard.ts'
import { OPENAPI_ROUTE, REFERENCE_ROUTE } from './files.ts'

/** Creates the response to `GET /` by the header `Accept` (RFC 9110, section 12.5.1). */
export function describeService({ publicUrl }: Bindings, headers: Headers): Response {
  if (/\btext\/html\b/i.test(headers.get('accept') ?? ''))
    return new Response(null, { status: 302, headers: { location: CONSOLE_ROUTE, vary: 'accept' } })
  const body = {
    service: 'Countersign: step-up authentication',
    dashboard: `${publicUrl}${CONSOLE_ROUTE}`,
    health: `${publicUrl}/health`,
    calls: `${publicUrl}/{environment}/v1/{noun}/{verb}`,
    reference: `${publicUrl}${REFERENCE_ROUTE}`,
    openapi: `${publicUrl}${OPENAPI_ROUTE}`,
    metadata: `${publicUrl}/{environment}/.well-known/oauth-authorization-server`,
  }
  return Response.json(body, { headers: { vary: 'accept' } })
}
