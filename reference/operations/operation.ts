// The form of the tables of operations: what the document and the reference say about each procedure.
import type { Reason } from '../../contract/index.ts'
import type { AppRouter } from '../../functions/router.ts'

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

type Procedures = AppRouter['_def']['record']

/** The operation of a procedure, with the types of its schemas. */
type OperationOf<Procedure> = Procedure extends {
  _def: { $types: { input: infer Input; output: infer Output } }
}
  ? Operation<Input, Output>
  : never

/** The operations of one noun. */
export type OperationsOf<Noun extends keyof Procedures> = {
  [Verb in keyof Procedures[Noun]]: OperationOf<Procedures[Noun][Verb]>
}

/** Every operation, by noun and verb. */
export type Operations = { [Noun in keyof Procedures]: OperationsOf<Noun> }
