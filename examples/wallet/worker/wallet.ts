// The signed-in user's wallet. A step-up guards four actions: export, sign, refresh (new shares when
// somebody joins the wallet) and reshare (new shares when it is decided who holds one).

import { Hono } from 'hono'
import { CLAIM_DETAILS, delegateDetails, reshareDetails } from '../shared/details.ts'
import { DelegateRequest, DelegationRequest, NoRequest, SignRequest } from '../shared/requests.ts'
import type { WalletView } from '../shared/view.ts'
import { type App, type Call, type SignedIn, signedIn, stepUp, unless } from './app.ts'
import { input } from './body.ts'
import { redistribute, walletObject, withKey } from './custody.ts'
import type { WalletEnv } from './env.ts'
import { subjectOf } from './issuer.ts'
import { refuse } from './problem.ts'
import { type Change, notChangeable, notUsable } from './rules.ts'
import { readDetails, signRequest, summaryOf } from './signing.ts'
import { viewOf } from './state/wallet.ts'

export const wallet = new Hono<App>()

wallet.get('/', signedIn, (c) => c.json(viewOf(c.var.wallet, c.var.session.signIn)))

wallet.post(
  '/export',
  signedIn,
  input(NoRequest),
  unless(({ wallet }) => notUsable(wallet.document)),
  stepUp('wallet.waas.export'),
  async (c) => {
    const { subject } = c.var.session
    const { address } = c.var.wallet.document
    const privateKey = await withKey(c.env, subject, (key) => key)
    await walletObject(c.env, subject).note('key exported', '')
    return c.json({ address, privateKey })
  },
)

wallet.post(
  '/sign',
  signedIn,
  input(SignRequest),
  unless(({ wallet }) => notUsable(wallet.document)),
  stepUp<SignRequest>('wallet.waas.sign', ({ input }) => readDetails(input)),
  async (c) => {
    const { subject } = c.var.session
    const request = c.var.input
    const signed = await withKey(c.env, subject, (key) => signRequest(key, request))
    await walletObject(c.env, subject).note('signed', summaryOf(request))
    return c.json(signed)
  },
)

wallet.post(
  '/delegate',
  signedIn,
  input(DelegateRequest),
  unless<DelegateRequest>(async ({ env, wallet, session, input: { to } }) => {
    if (subjectOf(to) === session.subject) return 'You have access already: name somebody else.'
    const refused = notChangeable(wallet.document, delegating(to))
    if (refused) return refused
    const hasSignedIn = await walletObject(env, subjectOf(to)).hasSignedIn()
    return hasSignedIn ? undefined : `Nobody has signed in as ${to} yet. Ask them to sign in first.`
  }),
  stepUp<DelegateRequest>('wallet.waas.refresh', ({ input: { to } }) => delegateDetails(to)),
  async (c) => c.json(await changed(c.env, c.var, delegating(c.var.input.to))),
)

wallet.post(
  '/claim',
  signedIn,
  input(NoRequest),
  unless(({ wallet }) => notChangeable(wallet.document, { kind: 'claim' })),
  stepUp('wallet.waas.refresh', () => CLAIM_DETAILS),
  async (c) => c.json(await changed(c.env, c.var, { kind: 'claim' })),
)

// Nothing changes yet: it is asked for at the next sign-in.
wallet.post('/delegation', signedIn, input(DelegationRequest), async (c) => {
  const { subject, signIn } = c.var.session
  const { decision } = c.var.input
  const marked = await walletObject(c.env, subject).want(decision, signIn)
  if ('refused' in marked) refuse('conflict', marked.refused)
  return c.json({ wanted: decision }, 202)
})

wallet.post(
  '/reshare',
  signedIn,
  input(DelegationRequest),
  // The user says which decision they confirm: another session may want another one by now.
  unless<DelegationRequest>((call) => notChangeable(call.wallet.document, resharing(call))),
  stepUp<DelegationRequest>('wallet.waas.reshare', (call) => {
    const { decision, to } = resharing(call)
    return reshareDetails(decision, to)
  }),
  async (c) => c.json(await changed(c.env, c.var, resharing(c.var))),
)

const delegating = (to: string) => ({ kind: 'delegate' as const, to, subject: subjectOf(to) })

/** The decision that a request confirms, about the delegate whom the wallet names now. */
const resharing = ({ session, wallet, input }: Omit<Call<DelegationRequest>, 'env'>) => ({
  kind: 'reshare' as const,
  decision: input.decision,
  to: wallet.document.delegation?.to ?? '',
  signIn: session.signIn,
})

/** Carries out a change, and shows the wallet as it is then. */
async function changed(
  env: WalletEnv,
  { session }: SignedIn['Variables'],
  change: Change,
): Promise<WalletView> {
  await redistribute(env, session.subject, change)
  const now = await walletObject(env, session.subject).open(session.id)
  if (typeof now === 'string') return refuse('unauthenticated', 'You signed out meanwhile.')
  return viewOf(now, session.signIn)
}
