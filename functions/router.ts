// The router of all procedures.
import { actionRouter } from './procedures/action.ts'
import { auditRouter } from './procedures/audit.ts'
import { challengeRouter } from './procedures/challenge.ts'
import { environmentRouter } from './procedures/environment.ts'
import { factorRouter } from './procedures/factor.ts'
import { operatorRouter } from './procedures/operator.ts'
import { policyRouter } from './procedures/policy.ts'
import { receiptRouter } from './procedures/receipt.ts'
import { recoveryRouter } from './procedures/recovery.ts'
import { statsRouter } from './procedures/stats.ts'
import { subjectRouter } from './procedures/subject.ts'
import { tokenRouter } from './procedures/token.ts'
import { router } from './trpc.ts'

export const appRouter = router({
  action: actionRouter,
  policy: policyRouter,
  factor: factorRouter,
  recovery: recoveryRouter,
  challenge: challengeRouter,
  token: tokenRouter,
  environment: environmentRouter,
  subject: subjectRouter,
  operator: operatorRouter,
  stats: statsRouter,
  audit: auditRouter,
  receipt: receiptRouter,
})

export type AppRouter = typeof appRouter
