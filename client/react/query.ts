// The hooks that ask and change, in the shapes of TanStack Query 5, which an application brings. They are an
// entry of their own, `countersign/react/query`, so that `countersign/react` works without it.

export type { MutationHookOptions } from './mutation.ts'
export * from './mutations.ts'
export * from './queries.ts'
export * from './useonboarding.ts'
