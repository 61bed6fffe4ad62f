// Whether a verified token is good for one call, by the rule that Countersign itself applies. A refusal
// says what to do and burns nothing.
import { faultOfUse, type VerifiedToken } from '../../contract/shared/token-use.ts'
import { refuse } from './answers.ts'
import type { BoundDetails } from './details.ts'
import type { ListedRule } from './rules.ts'

/** What a token is shown for. */
export interface Use {
  rule: ListedRule
  subject: string
  sessionId?: string | undefined
  details?: BoundDetails | undefined
}

/** The issuer and audience that it must name, and the time. */
export interface Expected {
  issuer: string
  audience: string
  now: number
}

const INVALID = {
  user: 'The token is another user’s.',
  session: 'The token is of another session.',
  resource: 'The token is for another resource.',
}

/**
 * Checks that a verified token is good for a use. Whether the environment takes legacy tokens, and
 * whether the rule denies, Countersign decides when the token is spent.
 *
 * @throws GuardRefusal `token_invalid` (another user, session or audience), `scope_not_allowed`,
 *   `step_up_required` (too weak, too old, or not accepted), `details_mismatch`
 */
export function checkUse(token: VerifiedToken, use: Use, expected: Expected): void {
  const [reason, of] = faultOfUse(token, { ...use, ...expected }) ?? []
  // A guard without details answers with the requirement, which says that they are required.
  if (reason)
    refuse(reason === 'details_required' ? 'step_up_required' : reason, {
      detail: of && INVALID[of],
    })
}
