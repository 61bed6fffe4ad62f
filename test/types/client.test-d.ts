// What the compiler must know of the typed client. It is checked with all other types: a line that
// stops being true stops the type check.
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import type { CountersignErrorData, CountersignRouter } from '../../client/generated.ts'
import type { CountersignClient } from '../../client/index.ts'
import type { PolicyDecision, Reason } from '../../contract/index.ts'
import type { AppRouter } from '../../functions/router.ts'

type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const holds = <T extends true>(): T | undefined => undefined

// The generated router says what the running one says: it cannot drift unseen.
holds<Same<inferRouterInputs<CountersignRouter>, inferRouterInputs<AppRouter>>>()
holds<Same<inferRouterOutputs<CountersignRouter>, inferRouterOutputs<AppRouter>>>()

// Why a call was refused is one of the table, not any text.
holds<Same<CountersignErrorData['reason'], Reason>>()

export async function examples(client: CountersignClient): Promise<PolicyDecision> {
  // @ts-expect-error an action or a scope must be named
  await client.policy.check.query({})
  // @ts-expect-error a query is no mutation
  await client.policy.check.mutate({ action: 'wallet.waas.export' })
  // @ts-expect-error a TOTP step-up needs its code
  await client.challenge.verify.mutate({ method: 'totp' })
  // @ts-expect-error there is no such method
  await client.challenge.verify.mutate({ method: 'sms', code: '123456' })
  return client.policy.check.query({ action: 'wallet.waas.export' })
}
