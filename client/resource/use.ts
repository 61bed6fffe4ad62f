// Checks whether a verified token is valid for one call, with the function that Countersign itself uses. A
// refusal does not consume the token.
import { faultOfUse, type TokenUse, type VerifiedToken } from '../../contract/shared/token-use.ts'
import { refuse } from './answers.ts'
import type { BoundDetails } from './details.ts'
import type { ListedRule } from './rules.ts'

/** The call that a token is presented for. */
export interface Use {
  rule: ListedRule
  subject: string
  sessionId?: string | undefined
  details?: BoundDetails | undefined
}

const INVALID = {
  user: 'The token is for another user.',
  session: 'The token is for another session.',
  resource: 'The token is for another resource.',
}

/**
 * Makes sure that a verified token is valid for a use. Countersign checks the rest when the token is consumed:
 * whether the environment accepts legacy tokens, and whether the rule denies the action.
 *
 * @throws GuardRefusal `token_invalid` (another user, session or audience), `scope_not_allowed`,
 *   `step_up_required` (too weak, too old, or not accepted), `details_mismatch`
 */
export function checkUse(token: VerifiedToken, use: TokenUse): void {
  const [reason, of] = faultOfUse(token, use) ?? []
  // Refused as a challenge, because its requirement says that details are required.
  if (reason)
    refuse(reason === 'details_required' ? 'step_up_required' : reason, {
      detail: of && INVALID[of],
    })
}
