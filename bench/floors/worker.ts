// The floors: what the calls of Countersign cost at least under hono, tRPC and zod, as the plainest code that is
// correct. `echo`, `read`, `verified` and `claimed` do one thing each; `totp`, `passkey` and `consume` make the
// same checks and writes as Countersign; the others prepare them.
import { Buffer } from 'node:buffer'
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { initTRPC, TRPCError } from '@trpc/server'
import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { Hono } from 'hono'
import * as z from 'zod'
import { importKey, sign, verify } from './jwt.ts'
import { Assertion } from './passkey.ts'
import { readStatement, type Statement, writeStatement } from './statement.ts'
import type { Subject } from './subject.ts'
import { AUDIENCE, Claims, Issued, RULES, Scope, Session } from './terms.ts'
import { sealSecret } from './totp.ts'

export { Subject } from './subject.ts'

interface Env {
  SUBJECT: DurableObjectNamespace<Subject>
  PUBLIC_URL: string
  ROOT_SECRET: string
  /** The public key of the sessions, and the key pair of the tokens, as JWKs. */
  SESSION_KEY: string
  SIGNING_KEY: string
  TOKEN_KEY: string
  /** The SHA-256 of the resource key, in hex. */
  RESOURCE_KEY_HASH: string
}

interface Context {
  env: Env
  bearer: string
}

const CHALLENGE_LIFETIME_SECONDS = 300

const epochSeconds = (): number => Math.floor(Date.now() / 1000)
const refuse = (message: string): never => {
  throw new TRPCError({ code: 'FORBIDDEN', message })
}

const keys = new Map<string, Promise<CryptoKey>>()
/** Imports each key once for each isolate. */
function keyOf(jwk: string, use: 'sign' | 'verify'): Promise<CryptoKey> {
  const key = keys.get(jwk) ?? importKey(jwk, use)
  keys.set(jwk, key)
  return key
}

const t = initTRPC.context<Context>().create()

/** A procedure for a user, whose session token is verified each time. */
const forUser = t.procedure.use(async ({ ctx, next }) => {
  const { env, bearer } = ctx
  const session = await verify(bearer, await keyOf(env.SESSION_KEY, 'verify'), 'JWT', Session)
  if (session.exp <= epochSeconds()) refuse('the session has expired')
  return next({ ctx: { session, object: env.SUBJECT.getByName(session.sub) } })
})

/** A procedure for an API, whose key is compared with its hash. */
const forResource = t.procedure.use(({ ctx, next }) => {
  const hash = createHash('sha256').update(ctx.bearer).digest()
  if (!timingSafeEqual(hash, Buffer.from(ctx.env.RESOURCE_KEY_HASH, 'hex'))) refuse('another key')
  return next()
})

const Named = z.strictObject({ action: z.string(), subject: z.string() })
const Kinds = z.object({ kinds: z.array(z.string()) })
const StepUp = { requestedScopes: z.tuple([Scope]) }

/** Plans the token of a scope for a method. */
function plan(scope: z.infer<typeof Scope>, method: 'totp' | 'passkey' | 'assertion') {
  const rule = RULES[scope]
  if (!(rule.methods as readonly string[]).includes(method)) refuse('another method')
  const jti = randomBytes(16).toString('base64url')
  return { jti, scope, lifetimeSeconds: rule.lifetimeSeconds }
}

/** Signs the token that the object has stored. */
async function mint(
  env: Env,
  session: z.infer<typeof Session>,
  { jti, scope }: ReturnType<typeof plan>,
  { issuedAt, expiresAt }: { issuedAt: number; expiresAt: number },
  proof: Pick<z.infer<typeof Claims>, 'amr' | 'acr'>,
) {
  const claims: z.infer<typeof Claims> = {
    iss: env.PUBLIC_URL,
    sub: session.sub,
    aud: AUDIENCE,
    client_id: 'floor',
    sid: session.sid,
    jti,
    iat: issuedAt,
    exp: expiresAt,
    auth_time: issuedAt,
    ...proof,
    scope,
    singleUse: true,
    epoch: 0,
  }
  const token = await sign(claims, await keyOf(env.SIGNING_KEY, 'sign'), 'at+jwt')
  const scopes = [scope]
  return { token, jti, audience: AUDIENCE, scopes, singleUse: true, issuedAt, expiresAt }
}

const router = t.router({
  echo: t.procedure
    .input(z.strictObject({ action: z.string() }))
    .output(z.object({ action: z.string() }))
    .mutation(({ input }) => ({ action: input.action })),

  read: t.procedure
    .input(Named)
    .output(Kinds)
    .mutation(async ({ ctx, input }) => ({
      kinds: await ctx.env.SUBJECT.getByName(input.subject).kinds(),
    })),

  verified: forUser
    .input(z.strictObject({ action: z.string() }))
    .output(Kinds)
    .mutation(async ({ ctx }) => ({ kinds: await ctx.object.kinds() })),

  claimed: t.procedure
    .input(z.strictObject({ subject: z.string(), key: z.string() }))
    .output(z.object({ claimed: z.boolean() }))
    .mutation(async ({ ctx, input }) => ({
      claimed: await ctx.env.SUBJECT.getByName(input.subject).claim(input.key),
    })),

  totp: forUser
    .input(z.strictObject({ code: z.string().regex(/^\d{6}$/), ...StepUp }))
    .output(Issued)
    .mutation(async ({ ctx: { env, session, object }, input }) => {
      const planned = plan(input.requestedScopes[0], 'totp')
      const stored = await object.stepUpTotp(session.sub, input.code, planned)
      const proof = { amr: ['otp'], acr: 'mfa' as const }
      const elevatedToken = await mint(env, session, planned, stored, proof)
      return { factorId: stored.factorId, acr: 'mfa', authTime: stored.issuedAt, elevatedToken }
    }),

  passkeyStart: forUser
    .input(z.strictObject(StepUp))
    .output(z.object({ challenge: z.string(), webauthn: z.string() }))
    .mutation(({ ctx: { env, session }, input }) => {
      const statement: Statement = {
        sub: session.sub,
        scope: input.requestedScopes[0],
        nonce: randomBytes(16).toString('base64url'),
        exp: epochSeconds() + CHALLENGE_LIFETIME_SECONDS,
      }
      return writeStatement(statement, env.ROOT_SECRET)
    }),

  passkey: forUser
    .input(z.strictObject({ challenge: z.string(), response: Assertion }))
    .output(Issued)
    .mutation(async ({ ctx: { env, session, object }, input }) => {
      const { statement, webauthn } = readStatement(input.challenge, env.ROOT_SECRET)
      if (statement.sub !== session.sub) refuse('the challenge is for another user')
      if (statement.exp <= epochSeconds()) refuse('the challenge has expired')
      const planned = plan(Scope.parse(statement.scope), 'passkey')
      const { nonce, exp: expiresAt } = statement
      const origin = env.PUBLIC_URL
      const { response } = input
      const call = { response, challenge: webauthn, origin, nonce, expiresAt }
      const stored = await object.stepUpPasskey(call, planned)
      const proof = { amr: ['hwk', 'user', 'mfa'], acr: 'phr' as const }
      const elevatedToken = await mint(env, session, planned, stored, proof)
      return { factorId: stored.factorId, acr: 'phr', authTime: stored.issuedAt, elevatedToken }
    }),

  consume: forResource
    .input(
      z.strictObject({
        token: z.string(),
        subject: z.string(),
        scope: Scope,
        idempotencyKey: z.string().min(16).max(128),
      }),
    )
    .output(z.object({ accepted: z.literal(true), replayed: z.boolean(), claims: Claims }))
    .mutation(async ({ ctx: { env }, input }) => {
      const { token, subject, scope } = input
      const rule = RULES[scope]
      const claims = await verify(token, await keyOf(env.TOKEN_KEY, 'verify'), 'at+jwt', Claims)
      const now = epochSeconds()
      if (claims.iss !== env.PUBLIC_URL || claims.exp <= now) refuse('another issuer or expired')
      if (claims.sub !== subject || claims.scope !== scope) refuse('another use')
      if (now - claims.auth_time > rule.freshnessSeconds) refuse('too old')
      const { action, methods } = rule
      const replayed = await env.SUBJECT.getByName(subject).consume({
        ...{ jti: claims.jti, scope, methods: [...methods], action, actor: 'resource:floor' },
        holder: createHash('sha256')
          .update(`${action} ${input.idempotencyKey}`)
          .digest('base64url'),
      })
      return { accepted: true as const, replayed, claims }
    }),

  /** Stores a token without a step-up. Only prepares `consume`. */
  issue: forUser
    .input(z.strictObject(StepUp))
    .mutation(async ({ ctx: { env, session, object }, input }) => {
      const planned = plan(input.requestedScopes[0], 'assertion')
      const stored = await object.issue(planned)
      return mint(env, session, planned, stored, { amr: ['pwd', 'sms'], acr: 'mfa' })
    }),

  /** Stores a factor: a secret in hex, or a passkey. */
  enroll: t.procedure
    .input(
      z.union([
        z.strictObject({ subject: z.string(), id: z.string(), totp: z.string() }),
        z.strictObject({ subject: z.string(), id: z.string(), passkey: z.looseObject({}) }),
      ]),
    )
    .mutation(async ({ ctx, input }) => {
      const { subject, id } = input
      const factor =
        'totp' in input
          ? { id, kind: 'totp', secret: sealSecret(Buffer.from(input.totp, 'hex'), [subject, id]) }
          : { id, kind: 'passkey', secret: JSON.stringify(input.passkey) }
      await ctx.env.SUBJECT.getByName(subject).enroll(factor)
      return {}
    }),
})

const app = new Hono<{ Bindings: Env }>()
app.get('/health', (c) => c.json({ status: 'ok', issuer: c.env.PUBLIC_URL }))
app.all('/trpc/*', (c) =>
  fetchRequestHandler({
    endpoint: '/trpc',
    req: c.req.raw,
    router,
    createContext: () => ({
      env: c.env,
      bearer: (c.req.header('authorization') ?? '').replace(/^Bearer /, ''),
    }),
  }),
)

export default app
