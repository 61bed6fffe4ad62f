// Verifies operators by their key in the bearer, or by their dashboard session. steps/authorize.ts decides
// which changes they can make.
import { epochSeconds } from '../clock.ts'
import { hashKey, isOperatorKey } from '../domain/names.ts'
import { refuse } from '../domain/refusal.ts'
import { directoryObject, type FirstKey, type KnownOperator } from '../edge/objects.ts'
import type { Bindings } from '../env.ts'
import { checkPage, pageSecretHash } from './page.ts'

export interface OperatorCaller {
  kind: 'operator'
  id: string
  name: string
  automation: boolean
  /** The dashboard session; missing if the call carries the key itself. */
  sessionId?: string
  signedInAt: number
  expiresAt: number | null
}

/**
 * Returns the operator who calls.
 *
 * @throws Refused `unauthenticated`; with a cookie also `origin_not_allowed` or `forbidden` for a call that
 *   the dashboard did not make
 */
export async function verifyOperator(
  bindings: Bindings,
  headers: Headers,
  bearer: string | undefined,
): Promise<OperatorCaller> {
  const first = firstKeyOf(bindings)
  if (bearer === undefined) return verifyPage(bindings, headers, first)
  if (!canBeKey(bindings, bearer)) unknownKey()
  const operator = await directoryObject(bindings).operatorByKey(hashKey(bearer), first)
  if (!operator) return unknownKey()
  // A call with the key counts as a sign-in.
  return callerOf(operator, { signedInAt: epochSeconds(), expiresAt: null })
}

/** Returns whether a key has the form of an operator key. The Directory is asked only about such keys. */
export const canBeKey = ({ operatorKey }: Bindings, key: string): boolean =>
  isOperatorKey(key) || (operatorKey !== undefined && hashKey(key) === hashKey(operatorKey))

export const unknownKey = (): never =>
  refuse('unauthenticated', { message: 'This operator key is unknown or revoked.' })

async function verifyPage(
  bindings: Bindings,
  headers: Headers,
  first: FirstKey,
): Promise<OperatorCaller> {
  const secretHash = pageSecretHash(headers) ?? refuse('unauthenticated')
  checkPage(bindings, headers)
  const found = await directoryObject(bindings).operatorBySession(secretHash, first)
  if (!found) refuse('unauthenticated', { message: 'The session has ended: sign in again.' })
  const { id, signedInAt, expiresAt } = found.session
  return callerOf(found.operator, { sessionId: id, signedInAt, expiresAt })
}

const callerOf = (
  { id, name, automation }: KnownOperator,
  session: Pick<OperatorCaller, 'sessionId' | 'signedInAt' | 'expiresAt'>,
): OperatorCaller => ({ kind: 'operator', id, name, automation, ...session })

/**
 * Returns how the Directory recognizes the secret `OPERATOR_KEY`.
 *
 * @throws Refused `unauthenticated` if it is not set; then every operator call is refused
 */
export function firstKeyOf({ operatorKey, development }: Bindings): FirstKey {
  if (!operatorKey) {
    refuse('unauthenticated', {
      message:
        'OPERATOR_KEY is not set or malformed, so operator calls are refused: set it to csk_op_ and at least 32 random characters.',
    })
  }
  return { hash: hashKey(operatorKey), always: development }
}
