// The metadata of an environment as an issuer (RFC 8414, section 2; RFC 9396, section 10; RFC 9449, section 5.1).
import { ACRS, DPOP_ALGORITHMS } from '../../contract/index.ts'
import { SIGNING_ALGORITHM } from '../domain/tokens/token.ts'
import type { LiveEnvironment } from '../edge/environment.ts'

/**
 * Returns the metadata of an issuer. There is no authorization or token endpoint: the procedures at
 * `countersign_endpoint` issue the tokens.
 */
export const describeIssuer = ({ issuer }: LiveEnvironment) => ({
  issuer,
  jwks_uri: `${issuer}/.well-known/jwks.json`,
  response_types_supported: [],
  grant_types_supported: [],
  acr_values_supported: [...ACRS],
  dpop_signing_alg_values_supported: [...DPOP_ALGORITHMS],
  access_token_signing_alg_values_supported: [SIGNING_ALGORITHM],
  countersign_receipts_jwks_uri: `${issuer}/receipts/jwks.json`,
  countersign_endpoint: `${issuer}/trpc`,
})
