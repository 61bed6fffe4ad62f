// environment.*: operators set up environments, their keys and their resources.
import {
  CreateResourceKeyInput,
  CreateResourceKeyResult,
  EnvironmentCreateInput,
  EnvironmentListResult,
  EnvironmentReference,
  EnvironmentUpdateInput,
  EnvironmentView,
  NoInput,
  RESERVED_ENVIRONMENT_IDS,
  RevokeResourceKeyInput,
  RevokeResourceKeyResult,
  RotateKeysInput,
  SigningKeysResult,
} from '../../contract/index.ts'
import { refuse, unwrap } from '../domain/refusal.ts'
import { checkSettings, resolveSettings } from '../domain/settings.ts'
import type { Overview } from '../state/environment.ts'
import { directoryObject, environmentObject } from '../state/objects.ts'
import { forgetEnvironment } from '../state/published.ts'
import { calledBy, router } from '../trpc.ts'

export const environmentRouter = router({
  create: calledBy('operator')
    .input(EnvironmentCreateInput)
    .output(EnvironmentView)
    .mutation(async ({ ctx: { caller, bindings }, input: { environment, settings } }) => {
      if (RESERVED_ENVIRONMENT_IDS.includes(environment)) {
        refuse('input_invalid', { message: `No environment may be named ${environment}.` })
      }
      await checkSettings(settings, bindings)
      unwrap(await directoryObject(bindings).enter(environment, caller.name))
      const created = unwrap(
        await environmentObject(bindings, environment).create(environment, settings, caller.name),
      )
      forgetEnvironment(environment)
      return viewOf(environment, created)
    }),

  list: calledBy('operator')
    .input(NoInput)
    .output(EnvironmentListResult)
    .query(async ({ ctx: { bindings } }) => ({
      environments: await directoryObject(bindings).list(),
    })),

  get: calledBy('operator')
    .input(EnvironmentReference)
    .output(EnvironmentView)
    .query(async ({ ctx: { bindings }, input: { environment } }) =>
      viewOf(environment, unwrap(await environmentObject(bindings, environment).overview())),
    ),

  update: calledBy('operator')
    .input(EnvironmentUpdateInput)
    .output(EnvironmentView)
    .mutation(async ({ ctx: { caller, bindings }, input: { environment, settings, version } }) => {
      await checkSettings(settings, bindings)
      const updated = unwrap(
        await environmentObject(bindings, environment).update(settings, version, caller.name),
      )
      forgetEnvironment(environment)
      return viewOf(environment, updated)
    }),

  rotateKeys: calledBy('operator')
    .input(RotateKeysInput)
    .output(SigningKeysResult)
    .mutation(
      async ({ ctx: { caller, bindings }, input: { environment, compromised = false } }) => {
        const rotated = unwrap(
          await environmentObject(bindings, environment).rotateKeys(compromised, caller.name),
        )
        forgetEnvironment(environment)
        return rotated
      },
    ),

  createResourceKey: calledBy('operator')
    .input(CreateResourceKeyInput)
    .output(CreateResourceKeyResult)
    .mutation(
      async ({ ctx: { caller, bindings }, input: { environment, audience, label = null } }) => {
        const created = unwrap(
          await environmentObject(bindings, environment).createResourceKey(
            audience,
            label,
            caller.name,
          ),
        )
        forgetEnvironment(environment)
        return created
      },
    ),

  revokeResourceKey: calledBy('operator')
    .input(RevokeResourceKeyInput)
    .output(RevokeResourceKeyResult)
    .mutation(async ({ ctx: { caller, bindings }, input: { environment, id } }) => {
      unwrap(await environmentObject(bindings, environment).revokeResourceKey(id, caller.name))
      forgetEnvironment(environment)
      return { revoked: true as const }
    }),
})

const viewOf = (environment: string, { settings, ...rest }: Overview) => ({
  environment,
  settings: resolveSettings(settings),
  ...rest,
})
