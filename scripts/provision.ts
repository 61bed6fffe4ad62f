// Sets up an environment as an operator.
import { type CountersignClient, createClient, reasonOf } from '../client/index.ts'
import type { EnvironmentSettings } from '../contract/index.ts'
import { covers } from './covers.ts'
import { Complaint } from './terminal.ts'

/** Creates an operator client. */
export const operatorClient = (url: string, operatorKey: string): CountersignClient =>
  createClient({ url, environment: 'operator', bearer: () => operatorKey })

/**
 * Creates an environment, or changes its settings to the wanted ones. Other settings stay unchanged.
 *
 * @returns whether the environment was created, changed, or already as wanted
 * @throws Complaint with the reason if the service refuses
 */
export async function provision(
  { environment: environments }: CountersignClient,
  environment: string,
  wanted: EnvironmentSettings,
): Promise<'made' | 'changed' | 'found'> {
  try {
    const { settings, version } = await environments.get.query({ environment })
    const merged = {
      ...settings,
      ...wanted,
      mfaTokens: settings.mfaTokens ?? wanted.mfaTokens,
      actions: mergedActions(settings, wanted),
    }
    if (covers(settings, merged)) return 'found'
    await environments.update.mutate({ environment, version, settings: merged })
    return 'changed'
  } catch (error) {
    if (reasonOf(error)?.reason !== 'unknown_environment') throw explained(error, environment)
  }
  await environments.create.mutate({ environment, settings: wanted }).catch((error) => {
    throw explained(error, environment)
  })
  return 'made'
}

/** Returns the existing actions with the wanted changes, and the missing actions. */
function mergedActions({ actions = [] }: EnvironmentSettings, wanted: EnvironmentSettings) {
  const missing = (wanted.actions ?? []).filter((one) => !actions.some((own) => covers(own, one)))
  const names = actions.map(({ action }) => action)
  return [
    ...actions.map((own) => {
      const one = missing.find(({ action }) => action === own.action)
      return one ? { ...own, ...one, base: { ...own.base, ...one.base } } : own
    }),
    ...missing.filter(({ action }) => !names.includes(action)),
  ]
}

function explained(error: unknown, environment: string): unknown {
  const refused = reasonOf(error)
  if (!refused || !(error instanceof Error)) return error
  return new Complaint(
    `The environment ${environment} could not be set up (${refused.reason}): ${error.message}`,
  )
}
