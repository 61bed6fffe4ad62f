// Operators as users of Countersign itself: the settings and actions of their environment, in which they step up
// before a change, and the limits of automation keys. The Directory stores the operators.
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

/** The id of the operators' environment, and the first path segment of their calls. */
export const OPERATOR_ENVIRONMENT = 'operator'
/** The id and name of the operator whose key is the secret `OPERATOR_KEY`. */
export const FIRST_OPERATOR = 'first'
export const CONSOLE_SESSION_SECONDS = 3600
/** How long the history of operators is stored. */
export const KEEP_DAYS = 3650

/** Returns the settings of the operators' environment. All of them follow from the address of the service. */
export function operatorSettings(publicUrl: string): EnvironmentSettings {
  return {
    name: 'Countersign',
    // Operators have no session tokens of an issuer. Their key or dashboard session identifies them.
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
 * Returns the actions of the operators: changes of their own factors, and every change of the service.
 *
 * @param guarded true if any operator has a factor; then every change needs a step-up
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
 * Returns the details that the token for a change is bound to: the procedure, and the SHA-256 of its canonical
 * input (RFC 8785, base64url). The input itself may be too long for details.
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
 * Makes sure that an automation key may make a call. The call must not weaken settings, change which parties they
 * trust, or change anything of the operators, because that could keep them from revoking the key.
 *
 * @param changes the changes of settings that the call makes, if any
 * @throws Refused `forbidden` with the first change that needs a person
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
