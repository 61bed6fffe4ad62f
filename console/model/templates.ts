// What a new environment can start from: the actions that applications of its kind guard first.
import type { ActionEntry } from 'countersign/contract'

/** A start for the actions of an environment. */
export interface Template {
  id: string
  title: string
  text: string
  actions: readonly ActionEntry[]
}

const PAYMENT = {
  type: 'object',
  properties: {
    amount: {
      type: 'number',
      title: 'Amount',
      display: { as: 'amount', unitFrom: 'currency' },
    },
    currency: { type: 'string', title: 'Currency' },
    payee: { type: 'string', title: 'Payee' },
  },
  required: ['amount', 'currency', 'payee'],
  additionalProperties: false,
}

const guarded = (
  action: string,
  scope: string,
  title: string,
  sentence: string,
  more: Partial<ActionEntry> = {},
): ActionEntry => ({ action, scope, title, sentence, ...more })

/** The templates, the plainest first. */
export const TEMPLATES: readonly Template[] = [
  {
    id: 'empty',
    title: 'Empty',
    text: 'Only the built-in actions. Add your own later.',
    actions: [],
  },
  {
    id: 'wallet',
    title: 'Wallet',
    text: 'Exporting a key takes a passkey. Signing and resharing need a step-up of every user.',
    actions: [
      { action: 'wallet.waas.sign', base: { require: 'always' } },
      { action: 'wallet.waas.export', base: { require: 'always', acr: 'phr' } },
      { action: 'wallet.waas.reshare', base: { require: 'always' } },
    ],
  },
  {
    id: 'payments',
    title: 'Payments',
    text: 'Payouts and refunds are bound to amount, currency and payee. Over 1,000 a passkey is needed.',
    actions: [
      guarded('payout.create', 'payouts:create', 'Payout', 'send a payout', {
        detailsSchema: PAYMENT,
        base: { require: 'always', details: 'required' },
        stricter: [{ when: 'details.amount > 1000', acr: 'phr' }],
      }),
      guarded('order.refund', 'orders:refund', 'Refund', 'refund an order', {
        detailsSchema: PAYMENT,
        base: { details: 'required' },
        stricter: [{ when: 'details.amount > 1000', acr: 'phr' }],
      }),
      guarded('payee.add', 'payees:add', 'New payee', 'add a payee', {
        base: { require: 'always' },
      }),
    ],
  },
  {
    id: 'admin',
    title: 'Admin console',
    text: 'Deleting an account, changing roles and exporting data. A new factor cannot do them for a day.',
    actions: [
      guarded('account.delete', 'accounts:delete', 'Delete an account', 'delete an account', {
        base: { require: 'always', acr: 'phr' },
      }),
      guarded('role.change', 'roles:change', 'Change a role', 'change the role of a user', {
        base: { require: 'always' },
        stricter: [
          {
            when: 'has(subject.newestFactorAgeSeconds) && subject.newestFactorAgeSeconds < 86400',
            require: 'deny',
          },
        ],
      }),
      guarded('data.export', 'data:export', 'Export data', 'export the data of your users', {
        base: { require: 'always' },
      }),
    ],
  },
]
