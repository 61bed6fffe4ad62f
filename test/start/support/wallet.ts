// The example wallet as its page uses it, with Countersign, over HTTP.
import { Secret, TOTP } from 'otpauth'
import { type CountersignClient, createClient } from '../../../client/index.ts'

/** What the wallet answered. */
export interface Reply {
  status: number
  body: Record<string, string>
}

/** Somebody who is signed in to the wallet. */
export interface WalletUser {
  name: string
  /** Their calls of Countersign. */
  countersign: CountersignClient
  post(path: string, token?: string, body?: unknown): Promise<Reply>
}

/** Signs somebody in. */
export async function signIn(walletUrl: string, serviceUrl: string): Promise<WalletUser> {
  const name = `user ${crypto.randomUUID().slice(0, 8)}`
  const { body } = await postJson(`${walletUrl}/api/sign-in`, { name }, {})
  const { session = '' } = body
  const options = { url: serviceUrl, environment: 'wallet', bearer: () => session }
  return {
    name,
    countersign: createClient(options),
    post: (path, token, body = {}) =>
      postJson(walletUrl + path, body, {
        authorization: `Bearer ${session}`,
        ...(token && { 'countersign-token': token }),
      }),
  }
}

async function postJson(
  address: string,
  body: unknown,
  headers: Record<string, string>,
): Promise<Reply> {
  const answer = await fetch(address, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  })
  return { status: answer.status, body: (await answer.json()) as Reply['body'] }
}

/** Enrolls an authenticator app, and steps up with it for one scope, and for these details alone. */
export async function enrollAndStepUp(
  { countersign }: Pick<WalletUser, 'countersign'>,
  scope: string,
  details?: Record<string, unknown>,
): Promise<string> {
  const enrolled = await countersign.factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in enrolled)) throw new Error('no TOTP secret came back')
  const totp = new TOTP({ secret: Secret.fromBase32(enrolled.secret) })
  const code = (stepsFromNow: number) =>
    totp.generate({ timestamp: Date.now() + stepsFromNow * 30_000 })
  const { factorId } = enrolled
  await countersign.factor.confirm.mutate({ kind: 'totp', factorId, code: code(-1) })
  const { elevatedToken } = await countersign.challenge.verify.mutate({
    method: 'totp',
    code: code(0),
    requestedScopes: [scope],
    ...(details && { details }),
  })
  if (!elevatedToken) throw new Error('no elevated token came back')
  return elevatedToken.token
}
