// The presets for logins, and the session settings that they make.
import type { SessionSettings } from '../environment.ts'
import { auth0 } from './auth0.ts'
import { betterAuth } from './better-auth.ts'
import { clerk } from './clerk.ts'
import { cognito } from './cognito.ts'
import { dynamic } from './dynamic.ts'
import { entra } from './entra.ts'
import { firebase } from './firebase.ts'
import { keycloak } from './keycloak.ts'
import { logto } from './logto.ts'
import { okta } from './okta.ts'
import { type LoginPreset, presetValues } from './preset.ts'
import { supabase } from './supabase.ts'
import { workos } from './workos.ts'

export { type LoginPreset, type PresetValue, presetValues } from './preset.ts'

const PRESETS = {
  cognito,
  auth0,
  betterAuth,
  clerk,
  dynamic,
  firebase,
  keycloak,
  logto,
  entra,
  okta,
  supabase,
  workos,
}

/** The name of a preset. */
export type PresetId = keyof typeof PRESETS

/** The presets, in the order of the names of their providers. */
export const presets: Readonly<Record<PresetId, LoginPreset>> = PRESETS

/**
 * Returns the session settings for a login.
 *
 * @throws RangeError with the form of each value that cannot be used
 * @example sessionFrom('auth0', { domain: 'shop.eu.auth0.com', audience: 'https://api.shop.example' })
 */
export function sessionFrom<I extends PresetId>(
  id: I,
  values: Readonly<{ [V in keyof (typeof PRESETS)[I]['values']]?: string }>,
): SessionSettings {
  const preset = presets[id]
  const read = presetValues(preset, values)
  if ('values' in read) return preset.session(read.values)
  const problems = Object.entries(read.problems).map(([name, text]) => `${name}: ${text}`)
  throw new RangeError(`The preset ${preset.name} needs other values. ${problems.join(' ')}`)
}

/** Returns the preset whose key set the settings use, or undefined if it is the key set of another login. */
export function presetOf({ keys }: Pick<SessionSettings, 'keys'>): LoginPreset | undefined {
  if (!('jwksUri' in keys)) return undefined
  return Object.values(presets).find(({ keySet }) => keySet.test(keys.jwksUri))
}
