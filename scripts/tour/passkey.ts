// The second half of the tour: a recovery code, the passkey that it enrolls, and tokens from the passkey.

import { reasonOf } from '../../client/index.ts'
import {
  type Authenticator,
  type CreationOptions,
  createAuthenticator,
  type RequestOptions,
} from '../../test/support/authenticator.ts'
import { given, type Tour, tokenLines, type User } from './users.ts'

const EXPORT = 'wallet:export'
const LINK = 'credential:link'
const CALLERS = 50

export const recoveryIsTooWeak = ({ walkthrough }: Tour, { client }: User, code: string) =>
  walkthrough.step(
    'A recovery code is too weak for the wallet, and trying does not use it up',
    async () => {
      walkthrough.asks(`Verify a recovery code for ${EXPORT}.`)
      await walkthrough.refused(
        'Refused:',
        client.challenge.verify.mutate({ method: 'recovery', code, requestedScopes: [EXPORT] }),
        'method_not_allowed',
      )
      const { recovery } = await client.factor.list.query({})
      walkthrough.holds(`${recovery.remaining} of ${recovery.total} codes remain.`, recovery, {
        remaining: 10,
        total: 10,
      })
    },
  )

export const recoveryLinks = ({ walkthrough, issuer }: Tour, { client }: User, code: string) =>
  walkthrough.step('It can do one thing: enroll a new factor', async () => {
    walkthrough.asks(`Verify the same recovery code for ${LINK}.`)
    const { elevatedToken, acr } = await client.challenge.verify.mutate({
      method: 'recovery',
      code,
      requestedScopes: [LINK],
    })
    walkthrough.holds(`A token for ${LINK}, acr ${acr}, for Countersign itself.`, elevatedToken, {
      audience: issuer,
      scopes: [LINK],
      acr: 'recovery',
      singleUse: true,
    })
    const { recovery } = await client.factor.list.query({})
    walkthrough.holds(`${recovery.remaining} codes remain.`, recovery.remaining, 9)
    return given(elevatedToken, 'the elevated token').token
  })

export const enrollPasskey = ({ walkthrough, page }: Tour, user: User, linkToken: string) =>
  walkthrough.step('A passkey is enrolled with that token', async () => {
    const device = createAuthenticator({ origin: page, rpId: new URL(page).hostname })
    walkthrough.asks(`Enroll a passkey for ${page} with the token.`)
    const started = await user.with(linkToken).factor.enroll.mutate({ kind: 'passkey' })
    if (!('challenge' in started)) throw new Error('no passkey ceremony came back')
    const { factorId, challenge, options } = started
    walkthrough.asks('The authenticator makes a key pair and signs the challenge.')
    const response = await device.register(options as unknown as CreationOptions)
    const { factor } = await user.client.factor.confirm.mutate({
      kind: 'passkey',
      factorId,
      challenge,
      response,
    })
    walkthrough.holds('The passkey is confirmed.', factor, {
      factorId,
      kind: 'passkey',
      passkey: { synced: false },
    })
    return device
  })

export const passkeyStepsUp = ({ walkthrough }: Tour, user: User, device: Authenticator) =>
  walkthrough.step('The passkey steps up, and reaches a higher level than a code', async () => {
    walkthrough.asks(`Start a challenge for ${EXPORT}, sign it, and verify the response.`)
    const verified = await stepUp(user, device, EXPORT)
    const { acr, amr, elevatedToken } = verified
    walkthrough.holds(`Proved: acr ${acr} (phishing-resistant), amr ${amr.join(' ')}.`, verified, {
      acr: 'phr',
      amr: ['hwk', 'user', 'mfa'],
      elevatedToken: { scopes: [EXPORT], acr: 'phr' },
    })
    return given(elevatedToken, 'the elevated token').token
  })

/** Runs a whole ceremony for one scope, and for details if they are given. */
export async function stepUp(
  { client }: User,
  device: Authenticator,
  scope: string,
  details?: Record<string, unknown>,
) {
  const request = { requestedScopes: [scope], ...(details && { details }) }
  const started = await client.challenge.start.mutate({ method: 'passkey', ...request })
  const { challenge, options } = started
  const response = await device.authenticate(options as unknown as RequestOptions)
  return client.challenge.verify.mutate({ method: 'passkey', challenge, response })
}

export const oneOfFifty = ({ walkthrough, wallet }: Tour, { subject }: User, token: string) =>
  walkthrough.step(`Of ${CALLERS} simultaneous uses, one is accepted`, async () => {
    walkthrough.asks(`${CALLERS} calls consume the passkey's token at the same time.`)
    const shown = { token, subject, scope: EXPORT }
    const outcomes = await Promise.all(
      Array.from({ length: CALLERS }, () =>
        wallet.token.consume.mutate(shown).then(
          () => 'accepted',
          (error) => reasonOf(error)?.reason ?? String(error),
        ),
      ),
    )
    const counts = Object.groupBy(outcomes, (outcome) => outcome)
    const found = Object.entries(counts).map(([outcome, all = []]) => `${all.length} ${outcome}`)
    walkthrough.holds(found.sort().join(', '), found.sort(), [
      '1 accepted',
      `${CALLERS - 1} token_used`,
    ])
  })

export const boundToDetails = ({ walkthrough, wallet }: Tour, user: User, device: Authenticator) =>
  walkthrough.step('A token bound to details is valid only for these details', async () => {
    const details = { to: '0x5e1f…c0de', amount: '25.00', currency: 'EUR' }
    const scope = 'wallet:sign'
    walkthrough.asks(`Step up for ${scope} with ${JSON.stringify(details)}.`)
    const { elevatedToken } = await stepUp(user, device, scope, details)
    const { token } = given(elevatedToken, 'the elevated token')
    walkthrough.shows(
      ...tokenLines(token).filter((line) => line.startsWith('authorization_details')),
    )
    const { subject } = user
    const use = (shown: Record<string, unknown>) =>
      wallet.token.consume.mutate({ token, subject, scope, details: shown })
    walkthrough.asks('The wallet is about to sign 2500.00 EUR instead.')
    await walkthrough.refused(
      'Refused:',
      use({ ...details, amount: '2500.00' }),
      'details_mismatch',
    )
    walkthrough.asks('The wallet is about to sign what the user saw.')
    walkthrough.holds('Accepted: the refusal did not use it up.', await use(details), {
      accepted: true,
      claims: { authorization_details: [{ type: 'wallet.waas.sign', ...details }] },
    })
  })
