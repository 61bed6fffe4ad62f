// The default rules. This file has no schemas, so that a page can show the rules without zod.
import type { BuiltInAction } from './actions.ts'
import type { Rule } from './policy.ts'

/** The defaults for members that a stored rule leaves out. */
export const DEFAULT_RULE: Rule = {
  require: 'whenEnrolled',
  methods: ['totp', 'passkey', 'recovery'],
  acr: 'mfa',
  singleUse: false,
  lifetimeSeconds: 600,
  freshnessSeconds: 600,
  details: 'optional',
  acceptsMfaToken: false,
  dpop: false,
  mode: 'enforce',
}
/** The rule of an action that an operator adds. Its tokens are single-use. */
export const NEW_ACTION_RULE: Rule = { ...DEFAULT_RULE, singleUse: true }

const SHORT = { lifetimeSeconds: 300, freshnessSeconds: 300 }
const WALLET_RULE: Rule = { ...DEFAULT_RULE, ...SHORT, singleUse: true, acceptsMfaToken: true }
const CREDENTIAL_RULE: Rule = { ...DEFAULT_RULE, ...SHORT, singleUse: true }

/** The rules of the built-in actions. */
export const BUILT_IN_RULES: Record<BuiltInAction, Rule> = {
  'wallet.waas.sign': WALLET_RULE,
  'wallet.waas.export': WALLET_RULE,
  'wallet.waas.refresh': WALLET_RULE,
  'wallet.waas.reshare': WALLET_RULE,
  'user.update': { ...DEFAULT_RULE, acceptsMfaToken: true },
  'credential.link': { ...CREDENTIAL_RULE, acr: 'recovery' },
  'credential.update': CREDENTIAL_RULE,
  'credential.unlink': { ...CREDENTIAL_RULE, acr: 'recovery' },
}
