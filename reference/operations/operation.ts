// The form of the tables of operations: what the document and the reference say about each procedure.
import type { inferRouterInputs, inferRouterOutputs } from '@trpc/server'
import type { Reason } from '../../contract/index.ts'
import type { AppRouter } from '../../functions/router.ts'

type Inputs = inferRouterInputs<AppRouter>
type Outputs = inferRouterOutputs<AppRouter>

/** One operation of the HTTP API. */
export interface Operation<Input = unknown, Output = unknown> {
  /** An imperative without a period, such as `Authorize an action`. */
  summary: string
  /** Whole sentences in plain English. */
  description: string
  /** The reasons for which it refuses a call, besides those that every operation has. */
  reasons: readonly Reason[]
  /** The scope of the elevated token that the call carries in its header, if a step-up is needed for it. */
  takes?: string
  /** A call in the environment of `environment.create`'s example, and an answer to it. */
  example: Input
  answer: Output
}

/** The operations of one noun. */
export type OperationsOf<Noun extends keyof Inputs & keyof Outputs> = {
  [Verb in keyof Inputs[Noun]]: Operation<
    Inputs[Noun][Verb],
    Verb extends keyof Outputs[Noun] ? Outputs[Noun][Verb] : never
  >
}

/** Every operation, by noun and verb. */
export type Operations = { [Noun in keyof Inputs]: OperationsOf<Noun> }
