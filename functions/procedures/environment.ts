// environment.*: operators manage environments, signing keys and resource keys.
import {
  CreateResourceKeyInput,
  CreateResourceKeyResult,
  EnvironmentCreateInput,
  EnvironmentListResult,
  EnvironmentPreviewInput,
  EnvironmentPreviewResult,
  EnvironmentReference,
  EnvironmentRemoveResult,
  type EnvironmentSettings,
  EnvironmentUpdateInput,
  EnvironmentView,
  NoInput,
  overlay,
  RESERVED_ENVIRONMENT_IDS,
  RevokeResourceKeyInput,
  RevokeResourceKeyResult,
  RotateKeysInput,
  type SettingChange,
  SigningKeysResult,
  TrySessionInput,
  TrySessionResult,
} from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { OPERATOR_ENVIRONMENT } from '../domain/operators.ts'
import { Refused, refuse, unwrap } from '../domain/refusal.ts'
import { compareSettings } from '../domain/settings/changes.ts'
import { withDefaults } from '../domain/settings/defaults.ts'
import {
  checkSession,
  checkSettings,
  checkVersion,
  resolveSession,
  resolveSettings,
} from '../domain/settings/settings.ts'
import { warningsOf } from '../domain/tokens/session.ts'
import { canonical } from '../domain/tokens/statement.ts'
import { forgetEnvironment, openEnvironment, unpublish } from '../edge/environment.ts'
import type { Overview } from '../edge/objects.ts'
import { directoryObject, type EnvironmentObject, environmentObject } from '../edge/objects.ts'
import { trySession } from '../edge/sessions.ts'
import type { Bindings } from '../env.ts'
import { authorize } from '../steps/authorize.ts'
import { calledBy, router } from '../trpc.ts'

export const environmentRouter = router({
  create: calledBy('operator')
    .input(EnvironmentCreateInput)
    .output(EnvironmentView)
    .mutation(async ({ ctx, input }) => {
      const { environment } = input
      const settings = withDefaults(input.settings)
      const { bindings, caller } = ctx
      if (RESERVED_ENVIRONMENT_IDS.includes(environment)) {
        refuse('input_invalid', {
          message: `The environment id ${environment} is reserved: choose another one.`,
        })
      }
      await checkSettings(settings, bindings)
      await authorize(ctx, 'environment.create', input)
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
      viewOf(environment, unwrap(await objectOf(bindings, environment).overview())),
    ),

  preview: calledBy('operator')
    .input(EnvironmentPreviewInput)
    .output(EnvironmentPreviewResult)
    .query(async ({ ctx: { bindings }, input: { environment, settings } }) => {
      await checkSettings(settings, bindings)
      const { version, changes } = await plan(objectOf(bindings, environment), settings)
      return { version, changes }
    }),

  update: calledBy('operator')
    .input(EnvironmentUpdateInput)
    .output(EnvironmentView)
    .mutation(async ({ ctx, input }) => {
      const { environment, settings, version } = input
      const { bindings, caller } = ctx
      await checkSettings(settings, bindings)
      const object = objectOf(bindings, environment)
      const planned = await plan(object, settings)
      // Checked before the token is consumed. The object checks it again.
      checkVersion(planned.version, version)
      // A draft without changes creates no version and no event, and consumes no token.
      if (planned.unchanged) return viewOf(environment, planned.overview)
      await authorize(ctx, 'environment.update', input, planned.changes)
      const updated = unwrap(await object.update(planned.document, version, caller.name))
      forgetEnvironment(environment)
      return viewOf(environment, updated)
    }),

  remove: calledBy('operator')
    .input(EnvironmentReference)
    .output(EnvironmentRemoveResult)
    .mutation(async ({ ctx, input }) => {
      const { environment } = input
      const directory = directoryObject(ctx.bindings)
      const listed = await directory.list()
      if (!listed.some((one) => one.environment === environment)) refuse('unknown_environment')
      await authorize(ctx, 'environment.remove', input)
      const last = await objectOf(ctx.bindings, environment).remove()
      await unpublish(ctx.bindings, environment)
      await directory.leave(environment, last, ctx.caller.name)
      forgetEnvironment(environment)
      return { removed: true as const }
    }),

  trySession: calledBy('operator')
    .input(TrySessionInput)
    .output(TrySessionResult)
    .query(async ({ ctx: { bindings }, input }) => {
      const { environment: id, token, ...draft } = input
      const environment = await openEnvironment(bindings, id)
      if (draft.session) checkSession(draft.session, bindings)
      const settings = overlay(environment.settings, {
        ...draft,
        session: draft.session && resolveSession(draft.session),
      })
      try {
        const session = await trySession(environment, bindings.publicUrl, token, settings.session)
        const { subject, sessionId, clientId, authTime, expiresAt } = session
        return {
          accepted: true as const,
          subject,
          ...(sessionId !== undefined && { sessionId }),
          ...(clientId !== undefined && { clientId }),
          ...(authTime !== undefined && { authTime }),
          expiresAt,
          warnings: warningsOf(session, settings, epochSeconds()),
        }
      } catch (error) {
        if (!(error instanceof Refused)) throw error
        return { accepted: false as const, message: error.refusal.message }
      }
    }),

  rotateKeys: calledBy('operator')
    .input(RotateKeysInput)
    .output(SigningKeysResult)
    .mutation(async ({ ctx, input }) => {
      const { environment, compromised = false, use = 'tokens' } = input
      const object = objectOf(ctx.bindings, environment)
      unwrap(await object.overview())
      await authorize(ctx, 'environment.rotateKeys', input)
      const rotated = unwrap(await object.rotateKeys(use, compromised, ctx.caller.name))
      forgetEnvironment(environment)
      return rotated
    }),

  createResourceKey: calledBy('operator')
    .input(CreateResourceKeyInput)
    .output(CreateResourceKeyResult)
    .mutation(async ({ ctx, input }) => {
      const { environment, audience, label = null } = input
      const object = objectOf(ctx.bindings, environment)
      unwrap(await object.overview())
      await authorize(ctx, 'environment.createResourceKey', input)
      const created = unwrap(await object.createResourceKey(audience, label, ctx.caller.name))
      forgetEnvironment(environment)
      return created
    }),

  revokeResourceKey: calledBy('operator')
    .input(RevokeResourceKeyInput)
    .output(RevokeResourceKeyResult)
    .mutation(async ({ ctx, input }) => {
      const { environment, id } = input
      const object = objectOf(ctx.bindings, environment)
      unwrap(await object.overview())
      await authorize(ctx, 'environment.revokeResourceKey', input)
      unwrap(await object.revokeResourceKey(id, ctx.caller.name))
      forgetEnvironment(environment)
      return { revoked: true as const }
    }),
})

/** Returns the object of an application's environment. Refuses the operators' environment, which has no settings. */
function objectOf(bindings: Bindings, environment: string): EnvironmentObject {
  if (environment === OPERATOR_ENVIRONMENT) refuse('unknown_environment')
  return environmentObject(bindings, environment)
}

/** Compares a draft with the stored settings. Returns the changes, and the document to store. */
async function plan(
  object: EnvironmentObject,
  given: EnvironmentSettings,
): Promise<{
  overview: Overview
  version: number
  document: EnvironmentSettings
  changes: SettingChange[]
  unchanged: boolean
}> {
  const overview = unwrap(await object.overview())
  const document = withDefaults(given, overview.settings)
  const [before, after] = [resolveSettings(overview.settings), resolveSettings(document)]
  return {
    overview,
    version: overview.version,
    document,
    changes: compareSettings(before, after),
    unchanged: canonical(before) === canonical(after),
  }
}

const viewOf = (environment: string, { settings, ...rest }: Overview) => ({
  environment,
  settings: resolveSettings(settings),
  ...rest,
})
