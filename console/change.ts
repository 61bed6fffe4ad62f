// Making a change, as one sentence: say what it is, have the operator confirm it is them where that is
// asked for, and send it with the token that is good for this change alone.
import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import canonicalize from 'canonicalize'
import { asCountersignError, CountersignError, getElevatedAccessToken } from 'countersign'
import { OPERATOR_ACTION, OPERATOR_SCOPE } from 'countersign/contract'
import { useStepUp } from 'countersign/react'
import { useCallback, useSyncExternalStore } from 'react'
import { countersign, service } from './api.ts'

/** Every call that changes something, by its name in the contract. */
const CALLS = {
  'environment.create': service.environment.create.mutate,
  'environment.update': service.environment.update.mutate,
  'environment.remove': service.environment.remove.mutate,
  'environment.rotateKeys': service.environment.rotateKeys.mutate,
  'environment.createResourceKey': service.environment.createResourceKey.mutate,
  'environment.revokeResourceKey': service.environment.revokeResourceKey.mutate,
  'subject.unlock': service.subject.unlock.mutate,
  'subject.resetFactors': service.subject.resetFactors.mutate,
  'subject.endTokens': service.subject.endTokens.mutate,
  'operator.create': service.operator.create.mutate,
  'operator.revoke': service.operator.revoke.mutate,
} as const

type Calls = typeof CALLS
export type Call = keyof Calls
type Input<C extends Call> = Parameters<Calls[C]>[0]
type Output<C extends Call> = Awaited<ReturnType<Calls[C]>>
type Send<C extends Call> = (
  input: Input<C>,
  options: { context: { elevatedToken: string | undefined } },
) => Promise<Output<C>>

let summary = ''
const listeners = new Set<() => void>()

/** What is being confirmed now, in words that follow "You are about to". */
export const useSummary = (): string =>
  useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => summary,
  )

function sayWhat(next: string): void {
  summary = next
  for (const listener of listeners) listener()
}

/** The SHA-256 of an input's canonical JSON (RFC 8785), in base64url: what a token is bound to. */
export async function fingerprintOf(input: unknown): Promise<string> {
  const text = canonicalize(JSON.parse(JSON.stringify(input))) ?? ''
  const hash = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text))
  const binary = String.fromCharCode(...new Uint8Array(hash))
  return btoa(binary).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '')
}

/** One change is confirmed at a time: the dialog says what for. */
let last: Promise<unknown> = Promise.resolve()

/**
 * How a page changes something.
 *
 * @returns what the service answered
 * @throws CountersignError `cancelled` where the operator turned back, and every refusal
 * @example await change('operator.revoke', { id }, `revoke the key of ${name}`)
 */
export function useChange() {
  const { stepUp } = useStepUp()
  return useCallback(
    <C extends Call>(call: C, input: Input<C>, what: string): Promise<Output<C>> => {
      const send = CALLS[call] as unknown as Send<C>
      const work = last.then(async () => {
        sayWhat(what)
        const details = { call, input: await fingerprintOf(input) }
        const run = async () => {
          const wanted = { scope: OPERATOR_SCOPE, details }
          const elevatedToken = await getElevatedAccessToken(wanted, countersign)
          try {
            return await send(input, { context: { elevatedToken } })
          } catch (error) {
            throw asCountersignError(error, details)
          }
        }
        const outcome = await stepUp(OPERATOR_ACTION, run, { details })
        if (outcome.status === 'completed') return outcome.value
        throw new CountersignError('cancelled', 'You did not confirm it, so nothing was changed.')
      })
      last = work.catch(() => {})
      return work as Promise<Output<C>>
    },
    [stepUp],
  )
}

interface ChangingOptions<C extends Call> {
  /** In words that follow "You are about to". */
  summary: (input: Input<C>) => string
  onDone?: (output: Output<C>, input: Input<C>) => unknown
}

/** The same as a mutation of TanStack Query. What it answers is forgotten with the component. */
export function useChanging<C extends Call>(
  call: C,
  { summary: what, onDone }: ChangingOptions<C>,
): UseMutationResult<Output<C>, Error, Input<C>> {
  const change = useChange()
  return useMutation<Output<C>, Error, Input<C>>({
    mutationFn: (input) => change(call, input, what(input)),
    onSuccess: (output, input) => onDone?.(output, input),
    gcTime: 0,
  })
}
