// An application's API in an empty project: the guard before a handler of `fetch`.
import { createGuard, type Verdict } from 'countersign/resource'
import { dpop } from 'countersign/resource/dpop'

const guard = createGuard({
  url: 'https://countersign.example',
  environment: 'live',
  audience: 'https://api.example',
  resourceKey: 'csk_res_example',
  fetch: async () => new Response(null, { status: 503 }),
  dpop: dpop({ publicUrl: 'https://api.example' }),
})
const handle = guard.requireStepUpFetch({ action: 'wallet.waas.export', subject: 'user-1' }, () =>
  Response.json({ done: true }),
)
const verdict: Verdict = await guard.check({
  action: 'wallet.waas.export',
  subject: 'user-1',
  headers: new Headers(),
})
const { status } = await handle(new Request('https://api.example/export', { method: 'POST' }))
console.log(JSON.stringify({ allowed: verdict.allowed, status }))
