// Countersign for React: hooks over the SDK, and the dialog that asks the user. React 18 or 19, and
// TanStack Query 5 for the hooks that ask and change.

export * from './react/events.ts'
export type { MutationHookOptions } from './react/mutation.ts'
export * from './react/mutations.ts'
export * from './react/provider.ts'
export * from './react/queries.ts'
