// How a page asks its user to verify: the request, the answer, and what the server said about it.
import type { Details, FactorKind, Method, PolicyDecision } from '../contract/index.ts'
import type { CountersignError } from './errors.ts'
import type { MFAAction } from './names.ts'

/** A factor that the user may verify with. */
export interface StepUpCredential {
  id: string
  type: FactorKind
  label: string | null
  isDefault: boolean
}

/** Whether to step up, and with what. */
export interface StepUpAuth {
  isRequired: boolean
  /** The user's factors that are good enough, the default one first. */
  credentials: StepUpCredential[]
  defaultCredentialId?: string
  /** What the server said; missing where a token at hand answered, or nobody did. */
  decision?: PolicyDecision
  /** Why nobody could be asked. */
  cause?: CountersignError
}

/** What is asked of the user. */
export interface StepUpRequest extends StepUpAuth {
  action: MFAAction
  scope: string
  /** The methods to offer; to enroll, where `enroll` is true. */
  methods: readonly Method[]
  enroll: boolean
  details: Details | undefined
}

/** What the user answered. Nothing: they cancelled. */
export type StepUpAnswer =
  | { method: 'totp'; code: string; deviceId?: string }
  | { method: 'recovery'; code: string }
  | { method: 'passkey' }
  /** The prompt has verified the user itself, as a dialog does. */
  | { verified: true }
  | null
  | undefined

export type StepUpPrompt = (request: StepUpRequest) => Promise<StepUpAnswer> | StepUpAnswer
