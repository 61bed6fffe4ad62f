// Actions of several rules, as the dashboard's guide shows their lines.
import type { Lines } from '../../console/pages/snippets.ts'
import { actionsOf } from '../../console/rules.ts'
import type { ActionEntry } from '../../contract/index.ts'

function linesOf(entry: ActionEntry): Lines {
  const shown = actionsOf({
    session: { issuer: 'https://login.example', keys: { jwksUri: 'https://login.example/keys' } },
    rpId: 'app.example',
    origins: ['https://app.example'],
    audiences: ['https://api.example'],
    actions: [entry],
  }).find(({ action }) => action === entry.action)
  if (!shown) throw new Error(`no action ${entry.action}`)
  return {
    url: 'https://countersign.example',
    environment: 'live',
    audience: 'https://api.example',
    subjectClaim: 'sub',
    action: shown,
  }
}

export const BUILT_IN = linesOf({ action: 'wallet.waas.export' })

export const WITHOUT_DETAILS = linesOf({ action: 'user.update', base: { details: 'none' } })

/** An action of the application, with everything that the lines can show. */
export const REFUND = linesOf({
  action: 'order.refund',
  scope: 'orders:refund',
  detailsSchema: {
    type: 'object',
    properties: { amount: { type: 'number', minimum: 5 }, payee: { type: 'string' } },
    required: ['amount', 'payee'],
  },
  base: { details: 'required' },
})

export const PASSKEY_ONLY = linesOf({
  action: 'payout.start',
  scope: 'payouts:start',
  base: { methods: ['passkey'], acr: 'phr', details: 'none' },
  stricter: [{ when: 'details.amount > 1000', require: 'always' }],
})
