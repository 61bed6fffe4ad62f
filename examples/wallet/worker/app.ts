// What the handlers share: who calls, for which wallet, and the middleware that finds it out. The
// guard of Countersign is created here too: an application needs nothing else to ask for a step-up.
import { createGuard } from 'countersign/resource'
import { dpop } from 'countersign/resource/dpop'
import { createMiddleware } from 'hono/factory'
import { walletObject } from './custody.ts'
import type { Settings, WalletEnv } from './env.ts'
import { readSession, type Session } from './issuer.ts'
import { refuse } from './problem.ts'
import type { OpenWallet } from './state/wallet.ts'

export interface App {
  Bindings: WalletEnv
  Variables: { settings: Settings }
}

/** A request of somebody who is signed in. */
export interface SignedIn extends App {
  Variables: App['Variables'] & { session: Session; wallet: OpenWallet }
}

/** Lets only users in: verifies the session and opens their wallet. */
export const signedIn = createMiddleware<SignedIn>(async (c, next) => {
  const session = await readSession(c.var.settings, c.req.header('authorization'))
  const wallet = await walletObject(c.env, session.subject).open(session.id)
  if (wallet === 'signed_out') refuse('unauthenticated', 'You signed out: sign in again.')
  if (wallet === 'no_wallet') refuse('not_found', 'There is no wallet for this user.')
  c.set('session', session)
  c.set('wallet', wallet)
  await next()
})

/**
 * Refuses a request that the wallet is not in a state for, before anybody is asked for a step-up: a
 * token is spent only on what can be done.
 *
 * @param why a sentence, or undefined where nothing is in the way
 */
export const unless = <Input>(why: (call: Call<Input>) => Awaitable<string | undefined>) =>
  createMiddleware<SignedIn & { Variables: { input: Input } }>(async (c, next) => {
    const refused = await why({ ...c.var, env: c.env })
    if (refused !== undefined) refuse('conflict', refused)
    await next()
  })

type Awaitable<T> = T | Promise<T>

export interface Call<Input> {
  env: WalletEnv
  session: Session
  wallet: OpenWallet
  input: Input
}

/**
 * Lets an action run only after the step-up that Countersign asks for.
 *
 * @param details what is about to be done, where the token must say the same
 * @example api.post('/wallet/export', signedIn, stepUp('wallet.waas.export'), (c) => …)
 */
export const stepUp = <Input>(
  action: string,
  details?: (call: Call<Input>) => Record<string, unknown>,
) =>
  createMiddleware<SignedIn & { Variables: { input: Input } }>((c, next) => {
    const { settings, session } = c.var
    const guarded = guardOf(settings).requireStepUp({
      action,
      subject: session.subject,
      sessionId: session.id,
      sessionToken: session.token,
      ...(details && { details: details({ ...c.var, env: c.env }) }),
    })
    return guarded(c, next)
  })

type Guard = ReturnType<typeof createGuard>
let made: { key: string; guard: Guard } | undefined

/** One guard an isolate: it keeps the policy and the key set for a minute. */
function guardOf({ publicUrl, countersign, resourceKey }: Settings): Guard {
  const key = JSON.stringify([publicUrl, countersign, resourceKey])
  if (made?.key !== key) {
    const guard = createGuard({
      ...countersign,
      audience: publicUrl,
      resourceKey,
      fetch: (input, init) => fetch(input, init),
      dpop: dpop({ publicUrl }),
    })
    made = { key, guard }
  }
  return made.guard
}
