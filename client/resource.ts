// The guard, which protects the actions of an application's API. The entry point of `countersign/resource`.
export { createGuard } from './resource/guard.ts'
export type {
  Allowed,
  Blocked,
  CallHeaders,
  Guard,
  GuardedCall,
  GuardOptions,
  HonoContext,
  NodeRequest,
  NodeResponse,
  RuleValue,
  StepUpRule,
  Verdict,
} from './resource/types.ts'
