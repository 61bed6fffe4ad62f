// The hooks that need TanStack Query 5, a peer dependency. They are a separate entry, `countersign/react/query`,
// so that `countersign/react` works without it.

export type { MutationHookOptions } from './mutation.ts'
export * from './mutations.ts'
export * from './queries.ts'
export * from './use-onboarding.ts'
