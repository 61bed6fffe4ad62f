// `npm run setup`: creates the environment of this application, and a key for its API, which it writes to `.env`.
import { writeFileSync } from 'node:fs'
import { createClient } from 'countersign'

const { COUNTERSIGN_URL: url = 'http://localhost:8787', OPERATOR_KEY = '' } = process.env
const environment = 'hello'
/** Where this application runs. */
const origin = 'http://localhost:3000'

const operator = createClient({ url, environment: 'operator', bearer: () => OPERATOR_KEY })
await operator.environment.create.mutate({
  environment,
  settings: {
    session: { issuer: origin, keys: { jwksUri: `${origin}/jwks.json` }, audiences: ['hello'] },
    rpId: 'localhost',
    origins: [origin],
    audiences: [origin],
    actions: [
      {
        action: 'order.refund',
        scope: 'orders:refund',
        base: { require: 'always', details: 'required' },
      },
    ],
  },
})
const { key } = await operator.environment.createResourceKey.mutate({
  environment,
  audience: origin,
})
writeFileSync('.env', `COUNTERSIGN_URL=${url}\nRESOURCE_KEY=${key}\n`, { mode: 0o600 })
console.log('The key is in .env. Now: npm start')
