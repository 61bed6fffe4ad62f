// The guard: what an application's API puts before its protected actions. The only barrel of
// `countersign/resource`. See resource/ for how it decides.
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
