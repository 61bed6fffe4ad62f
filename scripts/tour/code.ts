// The first half of the tour: a user without a factor, an authenticator app, and a token from its issue to its use.
import { createRemoteJWKSet, errors, jwtVerify } from 'jose'
import { TOTP, URI } from 'otpauth'
import { DEMO } from '../demo.ts'
import { claimLines, given, newUser, type Tour, tokenLines, type User } from './users.ts'

const EXPORT = { action: 'wallet.waas.export', scope: 'wallet:export' } as const
const STEP_SECONDS = 30
/** If less time is left before the next code, the previous code would be too old when it arrives. */
const ENOUGH_SECONDS = 6

/** Returns the code that an authenticator app shows now, or some steps before or after now. */
export type App = (stepsFromNow?: number) => string

export const signIn = (tour: Tour): Promise<User> =>
  tour.walkthrough.step('A user signs in to the application', async () => {
    const user = await newUser(tour)
    tour.walkthrough.asks('The application signs a session; Countersign adds nothing to it:')
    tour.walkthrough.shows(...claimLines(user.session))
    const listed = await user.client.factor.list.query({})
    tour.walkthrough.holds(
      `Countersign takes the session, and knows no factor of ${user.subject}.`,
      listed,
      { factors: [], enrolled: false, recovery: { total: 0 } },
    )
    return user
  })

export const nothingIsAsked = ({ walkthrough }: Tour, { client }: User): Promise<void> =>
  walkthrough.step('Before anything is enrolled, nothing is asked', async () => {
    walkthrough.asks(`May I run ${EXPORT.action} now?`)
    const { decision, reason } = await client.policy.check.query({ action: EXPORT.action })
    walkthrough.holds(
      `${decision}, because ${reason}`,
      { decision, reason },
      {
        decision: 'permit',
        reason: 'not_enrolled',
      },
    )
  })

export const enrollApp = ({ walkthrough }: Tour, { client }: User) =>
  walkthrough.step('The user enrolls an authenticator app', async () => {
    walkthrough.asks('Enroll TOTP; the QR code that comes back holds this address:')
    const enrolled = await client.factor.enroll.mutate({ kind: 'totp', label: 'Phone' })
    const uri = 'uri' in enrolled ? enrolled.uri : ''
    walkthrough.shows(uri.replace(/secret=[^&]+/, 'secret=…'))
    const authenticator = URI.parse(uri)
    if (!(authenticator instanceof TOTP)) throw new Error('the address is not of a TOTP secret')
    const app: App = (stepsFromNow = 0) =>
      authenticator.generate({ timestamp: Date.now() + stepsFromNow * STEP_SECONDS * 1000 })
    await enoughTime(walkthrough)
    // The code that confirms counts as used, so the previous code is used here and the current one later.
    const code = app(-1)
    walkthrough.asks(`Confirm with the code of half a minute ago, ${code}.`)
    const { factorId } = enrolled
    const { factor, recoveryCodes = [] } = await client.factor.confirm.mutate({
      kind: 'totp',
      factorId,
      code,
    })
    walkthrough.holds('The factor is confirmed.', factor, {
      factorId,
      kind: 'totp',
      label: 'Phone',
    })
    walkthrough.holds('Ten recovery codes come with the first factor.', recoveryCodes.length, 10)
    return { app, recoveryCodes }
  })

async function enoughTime(walkthrough: Tour['walkthrough']): Promise<void> {
  const left = STEP_SECONDS - ((Date.now() / 1000) % STEP_SECONDS)
  if (left < ENOUGH_SECONDS)
    await walkthrough.waits(left * 1000 + 100, `(waiting ${Math.ceil(left)} s for the next code)`)
}

export const stepUpIsAsked = ({ walkthrough }: Tour, { client }: User): Promise<void> =>
  walkthrough.step('From now on the same action needs a step-up', async () => {
    walkthrough.asks(`May I run ${EXPORT.action} now?`)
    const check = await client.policy.check.query({ action: EXPORT.action })
    const { decision, reason, methods, acr, lifetimeSeconds } = check
    walkthrough.holds(
      `${decision}, because ${reason}: by ${methods.join(' or ')}, acr ${acr}, for one use within ${lifetimeSeconds} s`,
      check,
      { decision: 'step_up', reason: 'enrolled', methods: ['totp'], acr: 'mfa', singleUse: true },
    )
  })

export const wrongCodeIsRefused = (
  { walkthrough }: Tour,
  { client }: User,
  app: App,
): Promise<void> =>
  walkthrough.step('A wrong code is refused, and counted', async () => {
    const code = wrongCode(app)
    walkthrough.asks(`Verify the code ${code} for ${EXPORT.scope}.`)
    const { attemptsLeft } = await walkthrough.refused(
      'Refused:',
      client.challenge.verify.mutate({
        method: 'totp',
        code,
        requestedScopes: [EXPORT.scope],
      }),
      'invalid_code',
    )
    walkthrough.holds(`${attemptsLeft} attempts are left before a wait.`, attemptsLeft, 4)
  })

function wrongCode(app: App): string {
  const right = [-1, 0, 1].map(app)
  return ['000000', '111111', '222222', '333333'].find((code) => !right.includes(code)) ?? ''
}

export const rightCodeMints = ({ walkthrough }: Tour, user: User, app: App): Promise<string> =>
  walkthrough.step('The right code earns a token for this action only', async () => {
    const code = app()
    walkthrough.asks(`Verify the code ${code} for ${EXPORT.scope}.`)
    const { elevatedToken, acr, amr } = await user.client.challenge.verify.mutate({
      method: 'totp',
      code,
      requestedScopes: [EXPORT.scope],
    })
    walkthrough.holds(
      `Proved: acr ${acr}, amr ${amr.join(' ')}.`,
      { acr, amr },
      { acr: 'mfa', amr: ['otp'] },
    )
    walkthrough.holds('An elevated token comes back.', elevatedToken, {
      audience: DEMO.wallet,
      scopes: [EXPORT.scope],
      singleUse: true,
    })
    const { token } = given(elevatedToken, 'the elevated token')
    walkthrough.shows(...tokenLines(token))
    return token
  })

export const verifiedOffline = (tour: Tour, { subject, session }: User, token: string) =>
  tour.walkthrough.step('Anyone can verify it offline, with the published keys', async () => {
    const { walkthrough, url, issuer } = tour
    const keySet = `${url}/${DEMO.environment}/.well-known/jwks.json`
    const terms = { issuer, audience: DEMO.wallet, typ: 'at+jwt', algorithms: ['ES256'] }
    walkthrough.asks(`Verify it with ${keySet}, without asking Countersign about the token.`)
    const keys = createRemoteJWKSet(new URL(keySet))
    const { payload } = await jwtVerify(token, keys, terms)
    walkthrough.holds('Signature, typ, iss, aud and exp are right; so are the claims.', payload, {
      sub: subject,
      sid: session.sid,
      scope: EXPORT.scope,
      acr: 'mfa',
      singleUse: true,
    })
    const forged = token.replace(/\.[^.]+\./, `.${base64url({ ...payload, sub: 'mallory' })}.`)
    walkthrough.asks('Put another user into the claims, and verify again.')
    const outcome = await jwtVerify(forged, keys, terms).catch((error) => error)
    const { code } = errors.JWSSignatureVerificationFailed
    walkthrough.holds('The signature does not match.', outcome?.code, code)
  })

const base64url = (value: unknown): string =>
  Buffer.from(JSON.stringify(value)).toString('base64url')

export const refusedForAnother = ({ walkthrough, wallet }: Tour, token: string): Promise<void> =>
  walkthrough.step('It works for nobody else, and trying does not use it up', async () => {
    walkthrough.asks('Mallory presents the token, and the wallet asks to consume it for them.')
    const shown = { token, subject: 'mallory', action: EXPORT.action }
    await walkthrough.refused('Refused:', wallet.token.consume.mutate(shown), 'token_invalid')
    walkthrough.asks('Is the token still valid?')
    const { active } = await wallet.token.introspect.query({ token })
    walkthrough.holds('It is.', active, true)
  })

export const consumedOnce = ({ walkthrough, wallet }: Tour, { subject }: User, token: string) =>
  walkthrough.step('It is used once', async () => {
    const shown = { token, subject, action: EXPORT.action }
    walkthrough.asks(`The wallet consumes the token for ${subject}, and would now export the key.`)
    const consumed = await wallet.token.consume.mutate(shown)
    walkthrough.holds('Accepted.', consumed, {
      accepted: true,
      replayed: false,
      claims: { sub: subject, scope: EXPORT.scope },
    })
    walkthrough.asks('The same token again.')
    await walkthrough.refused('Refused:', wallet.token.consume.mutate(shown), 'token_used')
  })
