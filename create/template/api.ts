// The API of the smallest example: it signs people in, serves the page, and refunds after a step-up.
import { randomUUID } from 'node:crypto'
import { createGuard } from 'countersign/resource'
import { buildSync } from 'esbuild'
import express, { type Request } from 'express'
import { exportJWK, generateKeyPair, jwtVerify, SignJWT } from 'jose'

const { PORT = '3000', COUNTERSIGN_URL: url = '', RESOURCE_KEY: resourceKey = '' } = process.env
const issuer = `http://localhost:${PORT}`
const { publicKey, privateKey } = await generateKeyPair('ES256')
const header = { alg: 'ES256', kid: randomUUID() }
const jwks = { keys: [{ ...(await exportJWK(publicKey)), ...header }] }

/** Signs anybody in, for the example. Your application has a login already. */
function signIn(sub: string) {
  const auth_time = Math.floor(Date.now() / 1000)
  const session = { iss: issuer, aud: 'hello', sub, sid: randomUUID(), auth_time }
  return new SignJWT(session).setProtectedHeader(header).setExpirationTime('1h').sign(privateKey)
}
const subject = ({ headers: { authorization = '' } }: Request) =>
  jwtVerify(authorization.replace('Bearer ', ''), publicKey, { issuer, audience: 'hello' })
    .then(({ payload }) => payload.sub ?? '')
    .catch(() => '')
const details = ({ body }: Request) => body
const guard = createGuard({ url, environment: 'hello', audience: issuer, resourceKey })
const guarded = guard.requireStepUpNode({ action: 'order.refund', subject, details })

const api = express().use(express.json(), express.static(`${import.meta.dirname}/dist`))
api.get('/jwks.json', (_, response) => void response.json(jwks))
api.post('/sign-in', async ({ body }, response) => void response.send(await signIn(body.name)))
api.post('/refund', guarded, ({ body }, response) => void response.json({ refunded: body }))

buildSync({
  entryPoints: ['page.tsx', 'index.html'].map((file) => `${import.meta.dirname}/${file}`),
  outdir: `${import.meta.dirname}/dist`,
  ...{ bundle: true, jsx: 'automatic', loader: { '.html': 'copy' } },
  define: { COUNTERSIGN_URL: JSON.stringify(url) },
})
api.listen(Number(PORT), 'localhost', () => console.log(`Open ${issuer}`))
