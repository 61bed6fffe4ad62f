// A settings document: its defaults, and the rules between its parts. The contract's schema checks its
// form first.
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

/** Claims that name a person by something that can pass to another person. */
const ALIAS_CLAIMS = ['email', 'phone_number', 'preferred_username']

/** Whether an address is this machine's own. */
export const isLoopback = ({ hostname }: URL): boolean =>
  ['localhost', '127.0.0.1', '[::1]'].includes(hostname)

/** How sessions are verified, with every default filled in. */
export const resolveSession = (session: EnvironmentSettings['session']) => ({
  ...session,
  algorithms: session.algorithms ?? [...FOREIGN_ALGORITHMS],
  acceptAnyAudience: session.acceptAnyAudience ?? false,
  subjectClaim: session.subjectClaim ?? 'sub',
  sessionIdClaim: session.sessionIdClaim ?? 'sid',
  authTimeClaim: session.authTimeClaim ?? 'auth_time',
})

/**
 * A settings document with every default filled in. It is a valid document itself.
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
    history: { keepDays: document.history?.keepDays ?? 400 },
    actions: (document.actions ?? []).map((entry) => ({ ...entry, base: ruleOf(entry) })),
  }
}

/** Settings as the rest of the service reads them. */
export type Settings = ReturnType<typeof resolveSettings>

/** The methods that an environment offers to its users. */
export const offeredBy = (settings: Settings): Offered => ({
  totp: settings.methods.totp.enabled,
  passkey: settings.methods.passkey.enabled,
  recovery: settings.methods.recovery.enabled,
  assertion: settings.assertions?.maxAcr ?? null,
})

/** The address of the service, and whether only this machine reaches it. */
export interface Deployment {
  publicUrl: string
  development: boolean
}

/**
 * Checks what the schema cannot: that the parts of a document are consistent, and that none of them
 * allows what must stay forbidden.
 *
 * @throws Refused `input_invalid` with a sentence, or `conflict` where two actions share a scope
 */
export async function checkSettings(
  document: EnvironmentSettings,
  deployment: Deployment,
): Promise<void> {
  checkSession(document.session, deployment)
  checkRelyingParty(document, deployment)
  if (document.senderConstrained === 'dpop') {
    invalid('`senderConstrained: dpop` is not supported by this version: use `none`.')
  }
  if (document.assertions) {
    checkForeignIssuer('assertions.issuer', document.assertions.issuer, deployment)
    checkKeySource('assertions.keys', document.assertions.keys, deployment)
  }
  for (const audience of document.audiences) {
    if (isOwn(audience, deployment))
      invalid(`\`audiences\`: ${audience} is Countersign's own address.`)
  }
  if (document.firstFactor === 'assertion' && !document.assertions) {
    invalid('`firstFactor: assertion` needs `assertions`: without them nobody can enroll.')
  }
  const entries = document.actions ?? []
  for (const entry of entries) checkAction(entry, document)
  checkUniqueness(entries)
  await checkConditions(entries)
}

/**
 * Checks the part of a document that says whose sessions are believed.
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
    invalid('`session` needs `audiences`, or `acceptAnyAudience: true` if its tokens name none.')
  }
  if (session.subjectClaim && ALIAS_CLAIMS.includes(session.subjectClaim)) {
    invalid(
      `\`session.subjectClaim\` may not be ${session.subjectClaim}: it can pass from one person to another.`,
    )
  }
}

/**
 * Makes sure that a change was made to the version that is there.
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
    invalid(`\`${where}\` is Countersign's own address, and its tokens are not sessions.`)
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
        `\`origins\`: ${origin} is not on \`rpId\` ${rpId} or below it, so no passkey would work there.`,
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
        `\`${action}\`: the scope of a built-in action is ${BUILT_IN_ACTIONS[action]}.`,
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
      `\`${action}\`: its tokens are for Countersign itself, so it takes no \`audience\`.`,
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

/** The rules that guard the factors themselves can be made stronger, never weaker. */
function checkFloor(entry: ActionEntry): void {
  // Entries can only strengthen, so they are not checked here; condition-check.ts checks them.
  const rule = baseRuleOf(entry)
  const floor = (holds: boolean, what: string) => {
    if (!holds)
      invalidAction(entry.action, `\`${entry.action}\` guards the users' factors and ${what}.`)
  }
  floor(rule.require !== 'never', 'cannot be switched off: `require` is at least whenEnrolled')
  floor(rule.mode === 'enforce', 'cannot be observed only: `mode` is enforce')
  floor(rule.singleUse, 'its tokens are single-use')
  floor(rule.lifetimeSeconds <= 300, 'its tokens live at most 300 seconds')
  floor(rule.freshnessSeconds <= 300, 'its proof is at most 300 seconds old')
  floor(!entry.base?.acceptsMfaToken, 'takes no legacy token')
  floor(!rule.methods.includes('assertion'), 'is not opened by an assertion')
  floor(rule.details !== 'required', 'has no details of the application')
  floor(
    entry.action !== 'credential.update' || acrReaches(rule.acr, 'mfa'),
    'its `acr` is at least mfa',
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
