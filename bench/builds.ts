// Builds of the Worker that leave something out, so that its cost can be measured.
import type { Replacement } from '../scripts/replacement.ts'

/** Stores no receipts. */
export const WITHOUT_RECEIPTS: { name: string; replacements: Replacement[] } = {
  name: 'without receipts',
  replacements: [
    [
      'functions/state/subject/step-up.ts',
      'ledger.receipts.add(receiptOf(call.terms, proof, token, passkey), seq)',
      'void token',
    ],
  ],
}
