// What the receipt of a step-up will contain besides its proof, and whom a receipt is given to.
import type { Receipt, ReceiptInput } from '../../contract/index.ts'
import type { OperatorCaller } from '../callers/operator.ts'
import type { ResourceCaller } from '../callers/resource.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds, random } from '../clock.ts'
import { fromBase64Url, toBase64Url } from '../domain/bytes.ts'
import { commitTo, DETAILS_SALT_BYTES } from '../domain/details/details.ts'
import { makeReceipt, type ReceiptTerms } from '../domain/history/receipt.ts'
import { actionsOf, type Grant } from '../domain/policy/grant.ts'
import { refuse } from '../domain/refusal.ts'
import type { Statement } from '../domain/tokens/challenge.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import { subjectObject } from '../edge/objects.ts'
import { openFor } from '../edge/operator-environment.ts'
import type { Bindings } from '../env.ts'

/**
 * Returns the terms of a step-up for its receipt.
 *
 * @param statement the statement that a passkey signs; its salt is used, so that the receipt has the signed hash
 */
export function receiptTermsOf(
  { environment: { version, actions } }: SubjectCaller,
  grant: Grant | undefined,
  statement?: Statement,
): ReceiptTerms {
  const names = actionsOf(actions, grant?.scopes ?? []).map(({ action }) => action)
  if (!grant?.bound) return { version, actions: names }
  const { type: action, ...details } = grant.bound.claim
  const salt = fromBase64Url(statement?.salt ?? '') ?? new Uint8Array()
  const used = salt.length > 0 ? salt : random(DETAILS_SALT_BYTES)
  const hash = toBase64Url(commitTo(details, action, used))
  return { version, actions: names, details: { action, hash, salt: toBase64Url(used) } }
}

type Caller = SubjectCaller | ResourceCaller | OperatorCaller

/**
 * Returns the receipt of a token. A resource gets it once it consumed the token.
 *
 * @throws Refused `not_found`; `forbidden` for a user who names another one; `input_invalid` for an operator or a
 *   resource that names no user
 */
export async function receiptFor(
  bindings: Bindings,
  caller: Caller,
  input: ReceiptInput,
): Promise<Receipt> {
  const { environment, subject } = await holderOf(bindings, caller, input)
  const { jti } = input
  const found = await subjectObject(bindings, environment.id, subject).receipt({ jti })
  const isResource = caller.kind === 'resource'
  const mayRead =
    found && (!isResource || (found.isConsumed && found.stored.token.audience === caller.audience))
  if (!mayRead) refuse('not_found', { message: 'No receipt for this token is stored.' })
  const about = { iss: environment.issuer, environment: environment.id, sub: subject }
  const showsCredential = !isResource || environment.settings.receipts.showCredential
  const key = await environment.secrets().receiptKey()
  return makeReceipt(found, about, showsCredential, key, epochSeconds())
}

/** Returns the user whose token an input names, and their environment. */
async function holderOf(
  bindings: Bindings,
  caller: Caller,
  { environment, subject }: ReceiptInput,
): Promise<{ environment: LiveEnvironment; subject: string }> {
  if (caller.kind === 'subject') {
    if (environment !== undefined || subject !== undefined) {
      refuse('forbidden', {
        message: 'Users get only their own receipts: leave out `environment` and `subject`.',
      })
    }
    return { environment: caller.environment, subject: caller.session.subject }
  }
  if (subject === undefined)
    refuse('input_invalid', { message: 'Send the `subject` of the token too.' })
  if (caller.kind === 'resource') {
    if (environment !== undefined && environment !== caller.environment.id)
      refuse('forbidden', { message: 'This resource belongs to another environment.' })
    return { environment: caller.environment, subject }
  }
  if (environment === undefined)
    refuse('input_invalid', { message: 'Send the `environment` of `subject` too.' })
  return { environment: await openFor(bindings, environment), subject }
}
