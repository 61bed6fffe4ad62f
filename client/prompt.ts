// The types of a prompt, with which a page asks its user to step up.
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

/** Says whether a step-up is needed, and with which factors. */
export interface StepUpAuth {
  isRequired: boolean
  /** The user's factors that are strong enough, the default one first. */
  credentials: StepUpCredential[]
  defaultCredentialId?: string
  /** The server's decision. Missing if the store holds a token, or if the server could not be asked. */
  decision?: PolicyDecision
  /** The reason why the server could not be asked. */
  cause?: CountersignError
}

/** The request to a prompt. */
export interface StepUpRequest extends StepUpAuth {
  action: MFAAction
  scope: string
  /** The methods to offer, for a step-up or, if `enroll` is true, for an enrollment. */
  methods: readonly Method[]
  enroll: boolean
  details: Details | undefined
}

/** The user's answer. Null or undefined if they cancelled. */
export type StepUpAnswer =
  | { method: 'totp'; code: string; deviceId?: string }
  | { method: 'recovery'; code: string }
  | { method: 'passkey' }
  /** The prompt has verified the user itself, as a dialog does. */
  | { verified: true }
  | null
  | undefined

export type StepUpPrompt = (request: StepUpRequest) => Promise<StepUpAnswer> | StepUpAnswer
