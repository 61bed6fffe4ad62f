// Minting: the tokens that a step-up earns, planned before and signed after the object has accepted it.
import type { ElevatedToken, MfaToken } from '../../contract/index.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds, random } from '../clock.ts'
import { newJti } from '../domain/names.ts'
import { expiryOf, type Grant, legacyLifetime } from '../domain/policy/grant.ts'
import { type Issue, type SigningKey, sharedClaims, signToken } from '../domain/tokens/token.ts'
import type { SteppedUp, TokenOrder } from '../edge/objects.ts'

/** What a step-up is to earn: an elevated token, a legacy one, both, or neither. */
export interface Orders {
  /** Fetched before anything is spent: without a key, nothing is spent. */
  signingKey: SigningKey
  elevated?: { grant: Grant; order: TokenOrder }
  legacy?: TokenOrder
}

/**
 * Orders the tokens of a step-up.
 *
 * @throws Refused `forbidden` for a legacy token that the environment does not issue, `unavailable`
 *   where no key could sign
 */
export async function orderTokens(
  caller: SubjectCaller,
  grant: Grant | undefined,
  mfaToken: { singleUse: boolean } | undefined,
): Promise<Orders> {
  const { session, environment } = caller
  const lifetimeSeconds =
    mfaToken &&
    legacyLifetime(environment.settings.mfaTokens, mfaToken, session.expiresAt, epochSeconds())
  return {
    signingKey: await environment.secrets().signingKey(),
    ...(grant && { elevated: { grant, order: orderOf(grant) } }),
    ...(mfaToken &&
      lifetimeSeconds && {
        legacy: {
          jti: newJti(random),
          kind: 'mfa',
          scopes: [],
          singleUse: mfaToken.singleUse,
          lifetimeSeconds,
          freshnessSeconds: lifetimeSeconds,
        },
      }),
  }
}

const orderOf = ({
  scopes,
  singleUse,
  lifetimeSeconds,
  freshnessSeconds,
  bound,
}: Grant): TokenOrder => ({
  jti: newJti(random),
  kind: 'elevated',
  scopes,
  singleUse,
  lifetimeSeconds,
  freshnessSeconds,
  ...(bound && { detailsHash: bound.hash }),
})

/** The orders as the object writes them down. */
export const ordersOf = ({ elevated, legacy }: Orders): TokenOrder[] =>
  [elevated?.order, legacy].filter((order) => order !== undefined)

/** Signs what was ordered, for the proof that the object accepted. */
export async function mint(
  caller: SubjectCaller,
  { signingKey, elevated, legacy }: Orders,
  stepped: SteppedUp,
): Promise<{ elevatedToken?: ElevatedToken; mfaToken?: MfaToken }> {
  const elevatedToken =
    elevated &&
    (await mintElevated(caller, signingKey, elevated.grant, issueOf(elevated.order, stepped)))
  const mfaToken = legacy && (await mintLegacy(caller, signingKey, issueOf(legacy, stepped)))
  return { ...(elevatedToken && { elevatedToken }), ...(mfaToken && { mfaToken }) }
}

const issueOf = (order: TokenOrder, { proof, issuedAt }: SteppedUp): Issue => ({
  jti: order.jti,
  amr: proof.amr,
  acr: proof.acr,
  authTime: proof.authTime,
  issuedAt,
  expiresAt: expiryOf(order, issuedAt, proof.authTime),
  singleUse: order.singleUse,
})

async function mintElevated(
  caller: SubjectCaller,
  signingKey: SigningKey,
  grant: Grant,
  issue: Issue,
): Promise<ElevatedToken> {
  const { audience, scopes, bound } = grant
  const claims = {
    ...sharedClaims(holderOf(caller), issue, audience),
    scope: scopes.join(' '),
    ...(bound && { authorization_details: [bound.claim] as [Record<string, unknown>] }),
  }
  const token = await signToken({ kind: 'elevated', claims }, signingKey)
  const { jti, acr, singleUse, issuedAt, expiresAt } = issue
  return { token, jti, audience, scopes, acr, tokenType: 'Bearer', singleUse, issuedAt, expiresAt }
}

async function mintLegacy(
  caller: SubjectCaller,
  signingKey: SigningKey,
  issue: Issue,
): Promise<MfaToken> {
  const claims = sharedClaims(holderOf(caller), issue, caller.environment.issuer)
  const { jti, expiresAt, singleUse } = issue
  const token = await signToken({ kind: 'mfa', claims }, signingKey)
  return { token, jti, expiresAt, singleUse }
}

const holderOf = ({ environment, session }: SubjectCaller) => ({
  issuer: environment.issuer,
  subject: session.subject,
  clientId: session.clientId ?? environment.id,
  sessionId: session.sessionId,
  epoch: environment.epoch,
})
