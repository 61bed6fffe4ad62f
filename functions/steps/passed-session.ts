// The session token that a resource passes on, so that conditions can read it.
import type { CallContext } from '../../contract/index.ts'
import type { Context } from '../callers/identify.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { Refused, refuse } from '../domain/refusal.ts'
import type { Session } from '../domain/tokens/session.ts'
import { authenticate } from '../edge/sessions.ts'

/**
 * Returns the session that a resource passes on, if any: it must be the application's, and the user's own.
 *
 * @throws Refused `input_invalid`, or `unavailable` when the issuer's keys cannot be had
 */
export async function passedSession(
  { bindings }: Context,
  { environment }: SubjectCaller | ResourceCaller,
  subject: string,
  context: CallContext | undefined,
): Promise<Session | undefined> {
  if (context?.sessionToken === undefined) return undefined
  const session = await authenticate(environment, bindings.publicUrl, context.sessionToken).catch(
    (error) => {
      if (!(error instanceof Refused) || error.refusal.reason !== 'unauthenticated') throw error
      const { message } = error.refusal
      return refuse('input_invalid', { message: `\`context.sessionToken\`: ${message}` })
    },
  )
  if (session.subject !== subject) {
    refuse('input_invalid', {
      message: '`context.sessionToken` belongs to another user than `subject`.',
    })
  }
  return session
}
