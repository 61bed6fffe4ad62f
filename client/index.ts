// The SDK for an application's page, and the typed client that it uses.

export * from './check.ts'
export * from './devices.ts'
export * from './errors.ts'
export {
  type CountersignInit,
  consumeMfaToken,
  countersignFetch,
  getElevatedAccessToken,
  logout,
} from './fetch.ts'
export type { CountersignErrorData, CountersignRouter } from './generated.ts'
export {
  type Countersign,
  type CountersignEvents,
  type CountersignOptions,
  createCountersign,
  type MfaCompleted,
  onMfaCompleted,
  onMfaFailed,
  onTokensChanged,
  type Session,
} from './instance.ts'
export { type ActionOrScope, MFAAction, TokenScope } from './names.ts'
export * from './prompt.ts'
export { type ClientOptions, type CountersignClient, createClient, reasonOf } from './rpc.ts'
export * from './step-up.ts'
export { storageKeeper } from './storage.ts'
export { memoryKeeper, type StoredToken, type TokenKeeper, type TokenStore } from './tokens.ts'
export * from './with-step-up.ts'
