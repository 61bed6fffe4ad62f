// The rules of the floors, and the forms of sessions, tokens and answers.
import * as z from 'zod'

export const AUDIENCE = 'https://wallet.demo.example'
const ISSUER = 'https://login.demo.example'
const APPLICATION = 'demo-app'

/** The rules of the actions. */
export const RULES = {
  'wallet:export': {
    action: 'wallet.waas.export',
    methods: ['totp', 'passkey', 'recovery'],
    acr: 'mfa',
    lifetimeSeconds: 300,
    freshnessSeconds: 300,
  },
  'user:update': {
    action: 'user.update',
    methods: ['assertion'],
    acr: 'mfa',
    lifetimeSeconds: 600,
    freshnessSeconds: 600,
  },
} as const
export const Scope = z.enum(['wallet:export', 'user:update'])

export const Session = z.object({
  iss: z.literal(ISSUER),
  aud: z.literal(APPLICATION),
  sub: z.string().min(1),
  sid: z.string(),
  exp: z.number(),
  auth_time: z.number(),
})

export const Claims = z.strictObject({
  iss: z.string(),
  sub: z.string(),
  aud: z.literal(AUDIENCE),
  client_id: z.string(),
  sid: z.string(),
  jti: z.string(),
  iat: z.number(),
  exp: z.number(),
  auth_time: z.number(),
  amr: z.array(z.string()),
  acr: z.enum(['mfa', 'phr']),
  scope: Scope,
  singleUse: z.literal(true),
  epoch: z.literal(0),
})

export const Issued = z.object({
  factorId: z.string(),
  acr: z.string(),
  authTime: z.number(),
  elevatedToken: z.object({
    token: z.string(),
    jti: z.string(),
    audience: z.string(),
    scopes: z.array(Scope),
    singleUse: z.boolean(),
    issuedAt: z.number(),
    expiresAt: z.number(),
  }),
})
