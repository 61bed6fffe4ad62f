// Settings documents: fills in defaults, and checks the rules that the contract's schema cannot express.
import {
  type Acr,
  type ActionEntry,
  acrReaches,
  BUILT_IN_ACTIONS,
  baseRuleOf,
  type EnvironmentSettings,
  FOREIGN_ALGORITHMS,
  isBuiltIn,
  isCredentialAction,
  type KeySource,
  type Offered,
  overlay,
  ruleOf,
} from '../../../contract/index.ts'
import { checkConditions } from '../conditions/condition-check.ts'
import type { TotpParameters } from '../factors/totp.ts'
import { refuse } from '../refusal.ts'

const TOTP_DEFAULTS: TotpParameters & { enabled: boolean } = {
  enabled: true,
  algorithm: 'SHA1',
  digits: 6,
  periodSeconds: 30,
}
const ENABLED = { enabled: true }

/** Claims whose value can pass from one person to another. */
const ALIAS_CLAIMS = ['email', 'phone_number', 'preferred_username']

/** Returns whether an address is a loopback address. */
export const isLoopback = ({ hostname }: URL): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

/** Returns session settings with every default filled in. */
export const resolveSession = (session: EnvironmentSettings['session']) => ({
  ...session,
  algorithms: session.algorithms ?? [...FOREIGN_ALGORITHMS],
  acceptAnyAudience: session.acceptAnyAudience ?? false,
  subjectClaim: session.subjectClaim ?? 'sub',
  sessionIdClaim: session.sessionIdClaim ?? 'sid',
  ...(!session.authTime && { authTimeClaim: session.authTimeClaim ?? 'auth_time' }),
})

/**
 * Returns a settings document with every default filled in. The result is a valid document itself.
 *
 * @example resolveSettings(document).methods.totp.digits // 6
 */
export function resolveSettings(document: EnvironmentSettings) {
  const { methods, assertions } = document
  return {
    ...document,
    name: document.name ?? 'Countersign',
    session: resolveSession(document.session),
    rpName: document.rpName ?? document.name ?? 'Countersign',
    enrollment: document.enrollment ?? ('action' as const),
    firstFactor: document.firstFactor ?? ('freshSession' as const),
    firstFactorSessionSeconds: document.firstFactorSessionSeconds ?? 600,
    methods: {
      totp: overlay(TOTP_DEFAULTS, methods?.totp),
      passkey: overlay(ENABLED, methods?.passkey),
      recovery: overlay(ENABLED, methods?.recovery),
    },
    mfaTokens: document.mfaTokens ?? ('single' as const),
    senderConstrained: document.senderConstrained ?? ('none' as const),
    assertions: assertions && {
      ...assertions,
      maxAcr: assertions.maxAcr ?? ('mfa' as const satisfies Acr),
    },
    receipts: { showCredential: document.receipts?.showCredential ?? false },
    history: { keepDays: document.history?.keepDays ?? 400 },
    actions: (document.actions ?? []).map((entry) => ({ ...entry, base: ruleOf(entry) })),
  }
}

/** A settings document with every default filled in. */
export type Settings = ReturnType<typeof resolveSettings>

/** Returns the methods that an environment offers to its users. */
export const offeredBy = (settings: Settings): Offered => ({
  totp: settings.methods.totp.enabled,
  passkey: settings.methods.passkey.enabled,
  recovery: settings.methods.recovery.enabled,
  assertion: settings.assertions?.maxAcr ?? null,
})

/** The address of the service. `development` is true if only this machine can reach it. */
export interface Deployment {
  publicUrl: string
  development: boolean
}

/**
 * Checks what the schema cannot express: that the parts of a document are consistent, and that no part is less
 * strict than Countersign requires.
 *
 * @throws Refused `input_invalid`, or `conflict` if two actions share a name or a scope
 */
export async function checkSettings(
  document: EnvironmentSettings,
  deployment: Deployment,
): Promise<void> {
  checkSession(document.session, deployment)
  checkRelyingParty(document, deployment)
  if (document.assertions) {
    checkForeignIssuer('assertions.issuer', document.assertions.issuer, deployment)
    checkKeySource('assertions.keys', document.assertions.keys, deployment)
  }
  for (const audience of document.audiences) {
    if (isOwn(audience, deployment))
      invalid(`\`audiences\`: ${audience} is Countersign's own address.`)
  }
  if (document.firstFactor === 'assertion' && !document.assertions) {
    invalid('`firstFactor: assertion` needs `assertions`: without them no user can enroll.')
  }
  const entries = document.actions ?? []
  for (const entry of entries) checkAction(entry, document)
  checkUniqueness(entries)
  await checkConditions(entries)
}

/**
 * Checks the session settings of a document.
 *
 * @throws Refused `input_invalid`
 */
export function checkSession(
  session: EnvironmentSettings['session'],
  deployment: Deployment,
): void {
  checkForeignIssuer('session.issuer', session.issuer, deployment)
  checkKeySource('session.keys', session.keys, deployment)
  if (!session.audiences && !session.acceptAnyAudience) {
    invalid(
      '`session` needs `audiences`, or `acceptAnyAudience: true` if its tokens have no `aud`.',
    )
  }
  if (session.audienceClaim && session.acceptAnyAudience) {
    invalid('`session.audienceClaim` has no effect with `acceptAnyAudience: true`: remove one.')
  }
  if (session.authTime && session.authTimeClaim) {
    invalid('`session.authTime` replaces `authTimeClaim`: remove one.')
  }
  if (session.subjectClaim && ALIAS_CLAIMS.includes(session.subjectClaim)) {
    invalid(
      `\`session.subjectClaim\` may not be ${session.subjectClaim}: it can pass from one person to another.`,
    )
  }
}

/**
 * Makes sure that a change was made to the current version.
 *
 * @throws Refused `conflict`
 */
export function checkVersion(current: number, given: number): void {
  if (current === given) return
  refuse('conflict', {
    message: `The settings are at version ${current} now: read them again, then apply your change.`,
  })
}

function checkForeignIssuer(where: string, issuer: string, deployment: Deployment): void {
  if (isOwn(issuer, deployment))
    invalid(`\`${where}\` is Countersign's own address, but must be another issuer.`)
}

const isOwn = (address: string, { publicUrl }: Deployment): boolean =>
  address === publicUrl || address.startsWith(`${publicUrl}/`)

function checkKeySource(where: string, keys: KeySource, { development }: Deployment): void {
  if ('jwks' in keys) {
    for (const key of keys.jwks.keys) {
      if (
        typeof key.kty !== 'string' ||
        key.kty === 'oct' ||
        ['d', 'k', 'p', 'q'].some((part) => part in key)
      ) {
        invalid(`\`${where}.jwks\` must contain only public keys.`)
      }
    }
    return
  }
  const url = URL.canParse(keys.jwksUri) ? new URL(keys.jwksUri) : undefined
  const loopback = url?.protocol === 'http:' && isLoopback(url)
  if (
    !url ||
    url.username ||
    url.password ||
    !(url.protocol === 'https:' || (development && loopback))
  ) {
    invalid(`\`${where}.jwksUri\` must be an https address (in development also http on loopback).`)
  }
}

function checkRelyingParty(
  { rpId, origins }: EnvironmentSettings,
  { development }: Deployment,
): void {
  for (const origin of origins) {
    const url = URL.canParse(origin) ? new URL(origin) : undefined
    if (!url || url.origin !== origin)
      invalid(`\`origins\`: ${origin} is not an origin, like https://app.example.`)
    const local = isLoopback(url) || url.hostname.endsWith('.localhost')
    if (url.protocol !== 'https:' && !(development && local)) {
      invalid(`\`origins\`: ${origin} must be https (in development also http on loopback).`)
    }
    if (url.hostname !== rpId && !url.hostname.endsWith(`.${rpId}`)) {
      invalid(
        `\`origins\`: passkeys do not work on ${origin}, because its host is not \`rpId\` ${rpId} or a subdomain of it.`,
      )
    }
  }
}

function checkAction(entry: ActionEntry, { audiences }: EnvironmentSettings): void {
  const { action } = entry
  if (isBuiltIn(action)) {
    if (entry.scope && entry.scope !== BUILT_IN_ACTIONS[action]) {
      invalidAction(
        action,
        `\`${action}\`: the scope of this built-in action must be ${BUILT_IN_ACTIONS[action]}.`,
      )
    }
  } else {
    if (!entry.scope) invalidAction(action, `\`${action}\` needs a \`scope\`.`)
    if (
      /^(credential|operator)[.:]/.test(action) ||
      /^(credential|operator)[.:]/.test(entry.scope)
    ) {
      invalidAction(
        action,
        `\`${action}\`: names that begin with credential or operator are reserved.`,
      )
    }
  }
  if (entry.audience && isCredentialAction(action)) {
    invalidAction(
      action,
      `\`${action}\`: its tokens are for Countersign itself, so remove \`audience\`.`,
    )
  }
  if (entry.audience && !audiences.includes(entry.audience)) {
    invalidAction(
      action,
      `\`${action}\`: its audience ${entry.audience} is not one of \`audiences\`.`,
    )
  }
  for (const { methods = [] } of [entry.base ?? {}, ...(entry.stricter ?? [])]) {
    if (new Set(methods).size !== methods.length)
      invalidAction(action, `\`${action}\`: a method is listed twice.`)
  }
  if (isCredentialAction(action)) checkFloor(entry)
}

/** Makes sure that the rule of a credential action is not weaker than its default. */
function checkFloor(entry: ActionEntry): void {
  // `stricter` entries can only strengthen a rule, so they need no check here.
  const rule = baseRuleOf(entry)
  const floor = (holds: boolean, what: string) => {
    if (!holds) invalidAction(entry.action, `\`${entry.action}\` changes factors, so ${what}.`)
  }
  floor(rule.require !== 'never', 'its `require` must be at least whenEnrolled')
  floor(rule.mode === 'enforce', 'its `mode` must be enforce')
  floor(rule.singleUse, 'its `singleUse` must be true')
  floor(rule.lifetimeSeconds <= 300, 'its `lifetimeSeconds` must be at most 300')
  floor(rule.freshnessSeconds <= 300, 'its `freshnessSeconds` must be at most 300')
  floor(!entry.base?.acceptsMfaToken, 'its `acceptsMfaToken` must be false')
  floor(!rule.methods.includes('assertion'), 'its `methods` must not include assertion')
  floor(rule.details !== 'required', 'its `details` must not be required')
  floor(
    entry.action !== 'credential.update' || acrReaches(rule.acr, 'mfa'),
    'its `acr` must be at least mfa',
  )
}

function checkUniqueness(entries: readonly ActionEntry[]): void {
  const names = new Set<string>()
  const scopes = new Map<string, string>(
    Object.entries(BUILT_IN_ACTIONS).map(([name, scope]) => [scope, name]),
  )
  for (const entry of entries) {
    if (names.has(entry.action))
      refuse('conflict', {
        message: `\`${entry.action}\` is listed twice in \`actions\`.`,
        place: { action: entry.action },
      })
    names.add(entry.action)
    if (isBuiltIn(entry.action) || !entry.scope) continue
    const owner = scopes.get(entry.scope)
    if (owner)
      refuse('conflict', {
        message: `The scope ${entry.scope} belongs to \`${owner}\` and cannot belong to \`${entry.action}\` too.`,
        place: { action: entry.action },
      })
    scopes.set(entry.scope, entry.action)
  }
}

function invalid(message: string): never {
  refuse('input_invalid', { message })
}

function invalidAction(action: string, message: string): never {
  refuse('input_invalid', { message, place: { action } })
}
