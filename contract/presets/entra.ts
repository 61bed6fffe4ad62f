// Microsoft Entra ID: access tokens of version 2.0 for an API.
import type { LoginPreset } from './preset.ts'

const GUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

export const entra = {
  name: 'Microsoft Entra ID',
  sources: [
    {
      title: 'Access token claims reference',
      url: 'https://learn.microsoft.com/entra/identity-platform/access-token-claims-reference',
    },
    {
      title: 'Optional claims reference',
      url: 'https://learn.microsoft.com/entra/identity-platform/optional-claims-reference',
    },
  ],
  values: {
    tenant: {
      label: 'Directory (tenant) ID',
      hint: 'In the overview of the app registration.',
      example: '11111111-2222-4333-8444-555555555555',
      form: 'name',
      pattern: GUID,
    },
    api: {
      label: 'Application (client) ID of your API',
      hint: 'Of the registration that exposes the API, not of the page.',
      example: '66666666-7777-4888-9999-000000000000',
      form: 'name',
      pattern: GUID,
    },
    scope: {
      label: 'Scope',
      hint: 'A scope under Expose an API that your page asks for.',
      example: 'access_as_user',
      form: 'name',
      fallback: 'access_as_user',
    },
  },
  session: ({ tenant, api, scope }) => ({
    issuer: `https://login.microsoftonline.com/${tenant}/v2.0`,
    keys: { jwksUri: `https://login.microsoftonline.com/${tenant}/discovery/v2.0/keys` },
    algorithms: ['RS256'],
    audiences: [api],
    requiredClaims: [{ claim: 'scp', includes: scope }],
    subjectClaim: 'oid',
  }),
  keySet: /^https:\/\/login\.microsoftonline\.com\/[^/]+\/discovery\/v2\.0\/keys$/,
  token: 'The access token for your API: ask for the scope `api://API-ID/access_as_user`.',
  steps: [
    'In the app registration of the API, under Expose an API, add a scope.',
    'In its manifest, set `requestedAccessTokenVersion` to 2.',
    'Let your page ask for the scope `profile` too: it adds the user as `oid`.',
    'Under Token configuration, add the optional claims `auth_time` and `sid` to access tokens.',
  ],
  limits: [
    'ID tokens and tokens of applications without a user are refused: they have no `scp`.',
    'Tokens of version 1.0 are refused: they have another issuer.',
    'Every application of the tenant that may ask for the scope is accepted.',
    'Only one tenant works: the issuer of `common` differs from token to token.',
  ],
  authTime: {
    given: 'afterSetup',
    note: 'Access tokens have `auth_time` only once it is added under Token configuration. Without it nobody can add a first factor.',
  },
} satisfies LoginPreset<'tenant' | 'api' | 'scope'>
