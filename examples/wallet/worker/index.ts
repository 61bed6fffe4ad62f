// The entry of the example application: routes, and what every request shares: headers, the origin, the
// form of a refusal. See account.ts and wallet.ts for the handlers.
import { type Context, Hono } from 'hono'
import { account } from './account.ts'
import type { App } from './app.ts'
import { ConfigurationError, readSettings } from './env.ts'
import { securityHeaders } from './headers.ts'
import { keySetOf } from './issuer.ts'
import { Problem, refuse, tell } from './problem.ts'
import { wallet } from './wallet.ts'

export { Custodian, Delegate, Vault } from './state/keepers.ts'
export { Wallet } from './state/wallet.ts'

const app = new Hono<App>()

app.use(async (c, next) => {
  await next()
  const { pathname } = new URL(c.req.url)
  // What comes from the assets is immutable.
  c.res = new Response(c.res.body, c.res)
  const url = c.var.settings?.countersign.url
  for (const [name, value] of Object.entries(securityHeaders(pathname, c.res.status, url)))
    c.res.headers.set(name, value)
})

app.use(async (c, next) => {
  c.set('settings', readSettings(c.env))
  await next()
})

app.get('/config.json', (c) => c.json({ countersign: c.var.settings.countersign }))
app.get('/.well-known/jwks.json', (c) => c.json(keySetOf(c.var.settings)))

app.use('/api/*', async (c, next) => {
  const origin = c.req.header('origin')
  if (origin !== undefined && origin !== c.var.settings.publicUrl)
    refuse('origin_not_allowed', 'Only the page of this application may call its API.')
  await next()
})
app.route('/api', account)
app.route('/api/wallet', wallet)
app.all('/api/*', () => refuse('not_found', 'The API has no such call.'))

app.all('*', async (c) => {
  if (!['GET', 'HEAD'].includes(c.req.method))
    refuse('method_unsupported', 'The page is only read.')
  const asset = await c.env.ASSETS?.fetch(c.req.raw)
  if (asset && asset.status !== 404) return asset
  return refuse('not_found', 'There is no such page. (`npm start` builds the page first.)')
})

app.onError((error, c) => tell(problemOf(error, c)))

/** Creates the response to an error. A bug is described only in the log. */
function problemOf(error: Error, c: Context<App>): Problem {
  if (error instanceof Problem) return error
  if (error instanceof ConfigurationError) return new Problem('unavailable', error.message)
  const { pathname } = new URL(c.req.url)
  console.error(
    JSON.stringify({ level: 'error', path: pathname, fault: error.message.slice(0, 300) }),
  )
  return new Problem('unavailable', 'The application failed. Try again.')
}

export default app
