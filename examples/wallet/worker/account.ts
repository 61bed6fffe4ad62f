// Signing in and out, and making wallets. None of it is guarded by a step-up.
import { Hono } from 'hono'
import { NoRequest, PregenerateRequest, SignInRequest } from '../shared/requests.ts'
import { type App, signedIn } from './app.ts'
import { input } from './body.ts'
import { makeWallet, walletObject } from './custody.ts'
import { startSession, subjectOf } from './issuer.ts'
import { refuse } from './problem.ts'

export const account = new Hono<App>()

account.post('/sign-in', input(SignInRequest), async (c) => {
  const { name } = c.var.input
  const object = walletObject(c.env, subjectOf(name))
  const { signIn, known } = await object.signIn()
  if (!known) await makeWallet(c.env, subjectOf(name), null)
  const { token, subject, expiresAt } = await startSession(c.var.settings, name, signIn)
  return c.json({ session: token, subject, name, expiresAt })
})

account.post('/sign-out', signedIn, input(NoRequest), async (c) => {
  const { subject, id, expiresAt } = c.var.session
  await walletObject(c.env, subject).signOut(id, expiresAt)
  return c.json({ signedOut: true })
})

account.get('/me', signedIn, (c) => {
  const { subject, name, expiresAt } = c.var.session
  return c.json({ subject, name, expiresAt, countersign: c.var.settings.countersign })
})

account.post('/pregenerate', signedIn, input(PregenerateRequest), async (c) => {
  const { name } = c.var.input
  const made = await makeWallet(c.env, subjectOf(name), c.var.session.name)
  if ('refused' in made) refuse('conflict', made.refused)
  return c.json({ name, subject: subjectOf(name) }, 201)
})
