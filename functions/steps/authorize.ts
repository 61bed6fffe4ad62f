// What an operator's change needs beside their key: once any operator has a factor, a token of their own
// step-up, spent before the change is made. A key for automation needs none and may do less.
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
import { noting } from './record-refusal.ts'

/**
 * Lets an operator's change happen: spends the token of their step-up where one is asked for. Called
 * last, so that nothing is spent for what can be refused before; what only the object of the change
 * finds (a name that is taken, say) has cost the token.
 *
 * @param call the procedure's name
 * @param input its input, as the token may be bound to it
 * @param changes what it changes in settings, for a key that may not weaken them
 * @throws Refused `forbidden` for what a key for automation may not do; `enrollment_required` or
 *   `step_up_required` for want of a token; or why the token is not good for this change
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
  const note = (reason: Reason) => directory.noteRefusal(caller, call, reason)
  if (caller.automation)
    return noting(async () => {
      checkAutomation(call, input, changes)
      unwrap(await directory.countChange(caller.id))
    }, note)
  const subject = await asSubject(bindings, caller)
  const { environment, object, who, session } = subject
  const { issuer, epoch, keySet, offered, secrets } = environment
  // Refuses while only the copy in KV answers: it decides no change.
  secrets()
  const action = findAction(environment.actions, { action: OPERATOR_ACTION })
  if (action.rule.require === 'never') return
  const requirement = requirementOf(action, offered)
  const presented =
    headers.get(TOKEN_HEADER) ?? (await noting(() => askForToken(subject, requirement), note))
  const now = epochSeconds()
  const token = await noting(() => verifyOwnToken(presented, keySet, { issuer, epoch, now }), note)
  const { jti, sub } = token.claims
  const details = changeDetails(call, input)
  const use = { action, subject: caller.id, sessionId: session.sessionId, details }
  const shown = { who, jti, action: OPERATOR_ACTION, actor: `operator:${caller.name}` }
  await noting(
    () => checkUse(token, use, { issuer, offered, mfaTokens: 'off', now }),
    // The history of an operator holds only their own tokens.
    (reason) => (sub === caller.id ? object.noteRefusal({ ...shown, reason }) : note(reason)),
  )
  const { hash: detailsHash } = bindDetails(details, OPERATOR_ACTION)
  const issued = { kind: token.kind, scope: action.scope }
  unwrap(
    await object.consume({
      ...shown,
      requirement,
      presented: issued,
      detailsHash,
      requestHash: null,
    }),
  )
}

/** Refuses an operator who sent no token, and says what to do. */
async function askForToken({ object }: SubjectCaller, requirement: Requirement): Promise<never> {
  if (await object.isEnrolled()) refuse('step_up_required', { requirement })
  refuse('enrollment_required', {
    message: 'Operators need a factor of their own to make changes: enroll one first.',
    requirement,
  })
}
