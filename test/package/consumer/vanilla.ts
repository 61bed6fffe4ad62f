// An application without a framework, in an empty project: it type-checks there, and runs.
import {
  createCountersign,
  isCountersignError,
  isMfaRequiredForAction,
  MFAAction,
  type StepUpPrompt,
  StepUpRequiredError,
  TokenScope,
  withStepUp,
} from 'countersign'
import { ElevatedClaims, REASONS, type Reason } from 'countersign/contract'
import { withDpop } from 'countersign/dpop'

const calls: string[] = []
const options = withDpop({
  url: 'https://countersign.example',
  environment: 'live',
  getSessionToken: () => 'a session token',
  fetch: async (input, init) => {
    const { url, headers } = new Request(input, init)
    calls.push(`${new URL(url).pathname} ${headers.get('authorization')}`)
    return Response.json({ done: true })
  },
})
const instance = createCountersign(options)

const required = await isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport }, instance)
const prompt: StepUpPrompt = ({ scope }) => (scope === TokenScope.Walletexport ? null : undefined)
const outcome = await withStepUp(
  MFAAction.WalletWaasExport,
  async (fetch) => (await fetch('https://api.example/export', { method: 'POST' })).status,
  { prompt },
).catch((error: unknown) => (isCountersignError(error) ? error.reason : error))

const reason: Reason = 'token_used'
export const requirementOf = (error: unknown): string | undefined =>
  error instanceof StepUpRequiredError ? error.scope : undefined
console.log(
  JSON.stringify({
    required,
    outcome,
    calls,
    status: REASONS[reason].status,
    claims: ElevatedClaims.safeParse({}).success,
  }),
)
