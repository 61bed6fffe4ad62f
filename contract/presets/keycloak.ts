// Keycloak: access tokens of a realm.
import type { LoginPreset } from './preset.ts'

export const keycloak = {
  name: 'Keycloak',
  sources: [
    {
      title: 'Upgrading Guide: new default client scope `basic`',
      url: 'https://www.keycloak.org/docs/latest/upgrading/',
    },
    {
      title: 'Protocol Mappers',
      url: 'https://www.keycloak.org/nightly/admin-api/protocol-mappers',
    },
    {
      title: 'Keycloak Audience: Get the aud Claim Right',
      url: 'https://phasetwo.io/tutorials/clients/audience/',
    },
  ],
  values: {
    url: {
      label: 'Address of Keycloak',
      hint: 'What comes before /realms in the address of your realm.',
      example: 'https://id.shop.example',
      form: 'address',
    },
    realm: {
      label: 'Realm',
      hint: 'Its name, as in the address.',
      example: 'shop',
      form: 'name',
      pattern: /^[\w.~-]{1,64}$/,
    },
    clientId: {
      label: 'Client ID',
      hint: 'Of the client that signs your users in.',
      example: 'shop-page',
      form: 'name',
    },
  },
  session: ({ url, realm, clientId }) => ({
    issuer: `${url}/realms/${realm}`,
    keys: { jwksUri: `${url}/realms/${realm}/protocol/openid-connect/certs` },
    algorithms: ['RS256', 'ES256', 'PS256', 'EdDSA'],
    audienceClaim: 'azp',
    audiences: [clientId],
    requiredClaims: [{ claim: 'typ', equals: 'Bearer' }],
  }),
  keySet: /\/realms\/[^/]+\/protocol\/openid-connect\/certs$/,
  token: 'The access token. It names the client in `azp`.',
  steps: [
    'Leave the client scope `basic` among the default scopes of the client: it adds `sub` and `auth_time`.',
    'Before Keycloak 25, add a mapper of the type User Session Note for `AUTH_TIME` with the claim name `auth_time` and the JSON type long.',
  ],
  limits: [
    'ID tokens are refused: their claim `typ` is `ID`.',
    'Lightweight access tokens may lack `sub`: add it to the mapper’s lightweight tokens, or turn them off for the client.',
    'A sign-in by direct grant has the time 0, so it is never fresh.',
  ],
  authTime: {
    given: 'afterSetup',
    note: 'The client scope `basic` adds `auth_time`. Without that scope, and without a mapper, nobody can add a first factor.',
  },
} satisfies LoginPreset<'url' | 'realm' | 'clientId'>
