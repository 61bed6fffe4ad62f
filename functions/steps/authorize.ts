// Authorizes an operator's change. Once any operator has a factor, a change consumes a token of the operator's
// step-up. An automation key needs no token and can make fewer changes.
import {
  OPERATOR_ACTION,
  type Reason,
  type Requirement,
  type SettingChange,
  TOKEN_HEADER,
} from '../../contract/index.ts'
import type { Context } from '../callers/identify.ts'
import type { OperatorCaller } from '../callers/operator.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { asSubject } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { bindDetails } from '../domain/details/details.ts'
import { changeDetails, checkAutomation } from '../domain/operators.ts'
import { findAction, requirementOf } from '../domain/policy/policy.ts'
import { refuse, unwrap } from '../domain/refusal.ts'
import { checkUse, verifyOwnToken } from '../domain/tokens/token.ts'
import { directoryObject } from '../edge/objects.ts'
import { checkTokenKey, dpopOf } from './dpop.ts'
import { recordRefusal } from './record-refusal.ts'

/**
 * Makes sure that an operator may make a change, and consumes the token of their step-up if one is needed.
 * Call it last, so that a change that is refused earlier consumes no token. A refusal by the object that makes
 * the change, such as a name that is taken, comes after the token was consumed.
 *
 * @param call the name of the procedure
 * @param input the input of the procedure, to which the token may be bound
 * @param changes the changes of settings, because an automation key cannot weaken them
 * @throws Refused `forbidden` for a change that an automation key cannot make; `enrollment_required` or
 *   `step_up_required` without a token; or the reason why the token is not valid for this change
 * @example await authorize(ctx, 'environment.rotateKeys', input)
 */
export async function authorize(
  ctx: Context & { caller: OperatorCaller },
  call: string,
  input: object,
  changes: readonly SettingChange[] = [],
): Promise<void> {
  const { caller, bindings, headers } = ctx
  const directory = directoryObject(bindings)
  const record = (reason: Reason) => directory.noteRefusal(caller, call, reason)
  if (caller.automation)
    return recordRefusal(async () => {
      checkAutomation(call, input, changes)
      unwrap(await directory.countChange(caller.id))
    }, record)
  const subject = await asSubject(bindings, caller)
  const { environment, object, who, session } = subject
  const { issuer, epoch, keySet, offered, secrets } = environment
  // Refuses if only the published copy could be read, because it must not decide a change.
  secrets()
  const action = findAction(environment.actions, { action: OPERATOR_ACTION })
  if (action.rule.require === 'never') return
  const requirement = requirementOf(action, offered)
  const presented =
    headers.get(TOKEN_HEADER) ??
    (await recordRefusal(() => askForToken(subject, requirement), record))
  const now = epochSeconds()
  const token = await recordRefusal(
    () => verifyOwnToken(presented, keySet, { issuer, epoch, now }),
    record,
  )
  const { jti, sub } = token.claims
  const details = changeDetails(call, input)
  const use = { action, subject: caller.id, sessionId: session.sessionId, details }
  const shown = { who, jti, action: OPERATOR_ACTION, actor: `operator:${caller.name}` }
  const dpop = await recordRefusal(
    () => {
      checkUse(token, use, { issuer, offered, mfaTokens: 'off', now })
      return checkTokenKey(environment, token, presented, dpopOf(ctx))
    },
    // The history of an operator records only their own tokens.
    (reason) => (sub === caller.id ? object.noteRefusal({ ...shown, reason }) : record(reason)),
  )
  const { hash: detailsHash } = bindDetails(details, OPERATOR_ACTION)
  const issued = { kind: token.kind, scope: action.scope }
  unwrap(
    await object.consume({
      ...shown,
      requirement,
      presented: issued,
      detailsHash,
      dpop,
      requestHash: null,
    }),
  )
}

/** Refuses an operator who sent no token. */
async function askForToken({ object }: SubjectCaller, requirement: Requirement): Promise<never> {
  if (await object.isEnrolled()) refuse('step_up_required', { requirement })
  refuse('enrollment_required', {
    message: 'Operators need a factor of their own to make changes: enroll one first.',
    requirement,
  })
}
