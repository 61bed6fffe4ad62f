// Written by scripts/generate.ts from the router; never edited. `npm run generate` rewrites it.
import type { TRPCBuiltRouter, TRPCMutationProcedure, TRPCQueryProcedure } from '@trpc/server'
import type {
  AcknowledgeResult,
  ActionAuthorizeInput,
  ActionAuthorizeResult,
  AuditCheckpointInput,
  AuditCheckpointResult,
  AuditInput,
  AuditListResult,
  AuditVerifyInput,
  AuditVerifyResult,
  ChallengeStartInput,
  ChallengeStartResult,
  ChallengeVerifyInput,
  ChallengeVerifyResult,
  CreateResourceKeyInput,
  CreateResourceKeyResult,
  EndTokensResult,
  EnvironmentCreateInput,
  EnvironmentListResult,
  EnvironmentPreviewInput,
  EnvironmentPreviewResult,
  EnvironmentReference,
  EnvironmentRemoveResult,
  EnvironmentUpdateInput,
  EnvironmentView,
  FactorConfirmInput,
  FactorConfirmResult,
  FactorEnrollInput,
  FactorEnrollResult,
  FactorListResult,
  FactorReference,
  FactorRenameInput,
  FactorsResult,
  NoInput,
  OperatorCreateInput,
  OperatorCreateResult,
  OperatorListResult,
  OperatorReference,
  OperatorRevokeResult,
  OperatorSelf,
  PolicyCheckInput,
  PolicyDecision,
  PolicyList,
  PolicySimulateInput,
  PolicySimulateResult,
  Reason,
  Receipt,
  ReceiptInput,
  RecoveryCodesResult,
  Requirement,
  ResetFactorsResult,
  RevokeResourceKeyInput,
  RevokeResourceKeyResult,
  RotateKeysInput,
  SettingsPlace,
  SigningKeysResult,
  StatsInput,
  StatsResult,
  SubjectReference,
  SubjectView,
  TokenConsumeInput,
  TokenConsumeResult,
  TokenExchangeInput,
  TokenExchangeResult,
  TokenIntrospection,
  TokenReference,
  TokenRevokeResult,
  TrySessionInput,
  TrySessionResult,
  UnlockResult,
} from '../contract/index.ts'

/** The `error.data` of every refusal: the reason, and data that the caller needs. */
export interface CountersignErrorData {
  reason: Reason
  retryAfterSeconds?: number
  attemptsLeft?: number
  requirement?: Requirement
  /** The refused part of a settings document. */
  place?: SettingsPlace
  /** The nonce for the next DPoP proof (RFC 9449, section 8). */
  dpopNonce?: string
  /** The header WWW-Authenticate with which an API passes the refusal on to its caller. */
  wwwAuthenticate?: string
}

type Query<Input, Output> = TRPCQueryProcedure<{ input: Input; output: Output; meta: unknown }>
type Mutation<Input, Output> = TRPCMutationProcedure<{
  input: Input
  output: Output
  meta: unknown
}>

/** Every procedure of the contract. */
export interface CountersignProcedures {
  action: {
    authorize: Mutation<ActionAuthorizeInput, ActionAuthorizeResult>
  }
  policy: {
    check: Query<PolicyCheckInput, PolicyDecision>
    simulate: Query<PolicySimulateInput, PolicySimulateResult>
    list: Query<NoInput, PolicyList>
  }
  factor: {
    list: Query<NoInput, FactorListResult>
    enroll: Mutation<FactorEnrollInput, FactorEnrollResult>
    confirm: Mutation<FactorConfirmInput, FactorConfirmResult>
    rename: Mutation<FactorRenameInput, FactorsResult>
    setDefault: Mutation<FactorReference, FactorsResult>
    remove: Mutation<FactorReference, FactorsResult>
  }
  recovery: {
    regenerate: Mutation<NoInput, RecoveryCodesResult>
    acknowledge: Mutation<NoInput, AcknowledgeResult>
  }
  challenge: {
    start: Mutation<ChallengeStartInput, ChallengeStartResult>
    verify: Mutation<ChallengeVerifyInput, ChallengeVerifyResult>
  }
  token: {
    exchange: Mutation<TokenExchangeInput, TokenExchangeResult>
    consume: Mutation<TokenConsumeInput, TokenConsumeResult>
    introspect: Query<TokenReference, TokenIntrospection>
    revoke: Mutation<TokenReference, TokenRevokeResult>
  }
  environment: {
    create: Mutation<EnvironmentCreateInput, EnvironmentView>
    list: Query<NoInput, EnvironmentListResult>
    get: Query<EnvironmentReference, EnvironmentView>
    preview: Query<EnvironmentPreviewInput, EnvironmentPreviewResult>
    update: Mutation<EnvironmentUpdateInput, EnvironmentView>
    remove: Mutation<EnvironmentReference, EnvironmentRemoveResult>
    trySession: Query<TrySessionInput, TrySessionResult>
    rotateKeys: Mutation<RotateKeysInput, SigningKeysResult>
    createResourceKey: Mutation<CreateResourceKeyInput, CreateResourceKeyResult>
    revokeResourceKey: Mutation<RevokeResourceKeyInput, RevokeResourceKeyResult>
  }
  subject: {
    get: Query<SubjectReference, SubjectView>
    unlock: Mutation<SubjectReference, UnlockResult>
    resetFactors: Mutation<SubjectReference, ResetFactorsResult>
    endTokens: Mutation<SubjectReference, EndTokensResult>
  }
  operator: {
    self: Query<NoInput, OperatorSelf>
    create: Mutation<OperatorCreateInput, OperatorCreateResult>
    list: Query<NoInput, OperatorListResult>
    revoke: Mutation<OperatorReference, OperatorRevokeResult>
  }
  stats: {
    get: Query<StatsInput, StatsResult>
  }
  audit: {
    list: Query<AuditInput, AuditListResult>
    verify: Query<AuditVerifyInput, AuditVerifyResult>
    checkpoint: Query<AuditCheckpointInput, AuditCheckpointResult>
  }
  receipt: {
    get: Query<ReceiptInput, Receipt>
  }
}

/** The router's type, for `createTRPCClient`. */
export type CountersignRouter = TRPCBuiltRouter<
  {
    ctx: object
    meta: object
    errorShape: { message: string; code: number; data: CountersignErrorData }
    transformer: false
  },
  // An interface has no index signature, which a record of procedures must have.
  { [Noun in keyof CountersignProcedures]: CountersignProcedures[Noun] }
>
