// Operators as users of Countersign itself: the reserved environment in which they prove who they are
// before they change anything, and what an automation key may not do. The Directory knows who is an
// operator.
import {
  type EnvironmentSettings,
  isCredentialAction,
  OPERATOR_ACTION,
  OPERATOR_SCOPE,
  type SettingChange,
} from '../../contract/index.ts'
import { sha256, toBase64Url, utf8 } from './bytes.ts'
import { type Action, resolveActions } from './policy/policy.ts'
import { refuse } from './refusal.ts'
import { canonical } from './tokens/statement.ts'

/** The environment of the operators: the first segment of their route. */
export const OPERATOR_ENVIRONMENT = 'operator'
/** The holder of the secret `OPERATOR_KEY`: their id and their name. */
export const FIRST_OPERATOR = 'first'
export const CONSOLE_SESSION_SECONDS = 3600
/** How long what operators did is kept. */
export const KEEP_DAYS = 3650

/** The settings of that environment: all of them follow from where the service is. */
export function operatorSettings(publicUrl: string): EnvironmentSettings {
  return {
    name: 'Countersign',
    // Operators have no tokens of an issuer: a key or the session of their page names them.
    session: { issuer: publicUrl, keys: { jwks: { keys: [] } } },
    rpId: new URL(publicUrl).hostname,
    rpName: 'Countersign',
    origins: [publicUrl],
    audiences: [`${publicUrl}/${OPERATOR_ENVIRONMENT}`],
    mfaTokens: 'off',
    history: { keepDays: KEEP_DAYS },
  }
}

/**
 * The actions of the operators: changes of their own factors, and every change of the service.
 *
 * @param guarded whether any operator has a factor: from then on every change asks for a step-up
 */
export function operatorActions(issuer: string, guarded: boolean): Action[] {
  const change = {
    action: OPERATOR_ACTION,
    scope: OPERATOR_SCOPE,
    base: {
      require: guarded ? ('always' as const) : ('never' as const),
      methods: ['totp' as const, 'passkey' as const],
      singleUse: true,
      lifetimeSeconds: 300,
      freshnessSeconds: 300,
    },
  }
  const all = resolveActions([change], issuer, issuer)
  return all.filter(({ action }) => action === OPERATOR_ACTION || isCredentialAction(action))
}

/**
 * What a change is, as the details of the token that confirms it: the call, and the SHA-256 of its
 * canonical input (RFC 8785, base64url), which may be longer than details can be.
 *
 * @example changeDetails('environment.rotateKeys', { environment: 'live' })
 */
export const changeDetails = (call: string, input: unknown): { call: string; input: string } => ({
  call,
  input: toBase64Url(sha256(utf8(canonical(input)))),
})

/** Calls that only a named operator may make, because an automation key never steps up. */
const PERSONS_ONLY = [
  'operator.create',
  'operator.revoke',
  'subject.unlock',
  'subject.resetFactors',
  'environment.remove',
]
const PERSONS_ONLY_SETTINGS = /^(session|origins|rpId|assertions)\b/

/**
 * Makes sure that an automation key may make a call: the call weakens nothing, keeps whom the settings trust,
 * and does not touch the operators themselves, who could otherwise be kept from revoking the key.
 *
 * @param changes of the settings, where the call makes any
 * @throws Refused `forbidden`, with the first change that needs a person
 */
export function checkAutomation(
  call: string,
  input: object,
  changes: readonly SettingChange[],
): void {
  const toOperators = 'environment' in input && input.environment === OPERATOR_ENVIRONMENT
  if (PERSONS_ONLY.includes(call) || toOperators)
    refuse('forbidden', {
      message: `Automation keys cannot call ${call} this way. Ask a named operator to do it.`,
    })
  const first = changes.find(({ path, weaker }) => weaker || PERSONS_ONLY_SETTINGS.test(path))
  if (first)
    refuse('forbidden', {
      message: `Automation keys cannot change \`${first.path}\` this way. Ask a named operator to do it.`,
    })
}
