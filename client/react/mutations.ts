// What a page changes or proves, as TanStack mutations: `use` + the function's name, and options of each.
// What the functions do, and which errors they throw, stands where they are defined.
import {
  acknowledgeRecoveryCodes,
  confirmTotpMfaDevice,
  createNewMfaRecoveryCodes,
  deleteMfaDevice,
  registerPasskey,
  registerTotpMfaDevice,
  renameMfaDevice,
  setDefaultMfaDevice,
} from '../devices.ts'
import {
  type CountersignInit,
  consumeMfaToken,
  countersignFetch,
  getElevatedAccessToken,
  logout,
} from '../fetch.ts'
import type { Countersign } from '../instance.ts'
import type { MFAAction } from '../names.ts'
import {
  authenticateMfaRecoveryCode,
  authenticatePasskeyMFA,
  authenticateTotpMfaDevice,
  requestExternalAuthElevatedToken,
} from '../step-up.ts'
import { type StepUpFetch, type WithStepUpOptions, withStepUp } from '../with-step-up.ts'
import { mutation, mutationOfCaller } from './mutation.ts'

/** What a function of the SDK takes as its first argument. */
type Input<F extends (...args: never[]) => unknown> = Exclude<Parameters<F>[0], undefined>
/** The same where it may be left out: TanStack lets `mutate()` go without only for `void`. */
// biome-ignore lint/suspicious/noConfusingVoidType: it is what TanStack looks for
type Optional<T> = T | void

const totp = mutation<
  Awaited<ReturnType<typeof authenticateTotpMfaDevice>>,
  Input<typeof authenticateTotpMfaDevice>
>('authenticateTotpMfaDevice', authenticateTotpMfaDevice)
/**
 * Verifies a code of an authenticator app.
 *
 * @example
 * const { mutate: authenticate, isPending, error } = useAuthenticateTotpMfaDevice()
 * authenticate({ code, requestedScopes: ['wallet:export'] }, { onSuccess: () => exportKey() })
 */
export const useAuthenticateTotpMfaDevice = totp.use
export const authenticateTotpMfaDeviceMutationOptions = totp.options

const passkey = mutation(
  'authenticatePasskeyMFA',
  (wish: Optional<Input<typeof authenticatePasskeyMFA>>, instance) =>
    authenticatePasskeyMFA(wish ?? {}, instance),
)
/**
 * Verifies a passkey: the browser asks the user.
 *
 * @example const { mutateAsync: verify } = useAuthenticatePasskeyMFA()
 */
export const useAuthenticatePasskeyMFA = passkey.use
export const authenticatePasskeyMFAMutationOptions = passkey.options

const recovery = mutation('authenticateMfaRecoveryCode', authenticateMfaRecoveryCode)
/**
 * Verifies a recovery code.
 *
 * @example useAuthenticateMfaRecoveryCode().mutate({ code, requestedScopes: ['credential:link'] })
 */
export const useAuthenticateMfaRecoveryCode = recovery.use
export const authenticateMfaRecoveryCodeMutationOptions = recovery.options

const external = mutation('requestExternalAuthElevatedToken', requestExternalAuthElevatedToken)
/**
 * Exchanges the application backend's word for an elevated token.
 *
 * @example useRequestExternalAuthElevatedToken().mutate({ externalJwt })
 */
export const useRequestExternalAuthElevatedToken = external.use
export const requestExternalAuthElevatedTokenMutationOptions = external.options

const registerTotp = mutation(
  'registerTotpMfaDevice',
  (input: Optional<Input<typeof registerTotpMfaDevice>>, instance) =>
    registerTotpMfaDevice(input ?? {}, instance),
)
/**
 * Begins to enroll an authenticator app. `data` holds its secret: it is gone with the component, or
 * with `reset()`.
 *
 * @example useRegisterTotpMfaDevice().mutate({ label: 'Phone' })
 */
export const useRegisterTotpMfaDevice = registerTotp.use
export const registerTotpMfaDeviceMutationOptions = registerTotp.options

const confirmTotp = mutation('confirmTotpMfaDevice', confirmTotpMfaDevice)
/**
 * Confirms an authenticator app with a code.
 *
 * @example useConfirmTotpMfaDevice().mutate({ deviceId, code })
 */
export const useConfirmTotpMfaDevice = confirmTotp.use
export const confirmTotpMfaDeviceMutationOptions = confirmTotp.options

const newPasskey = mutation(
  'registerPasskey',
  (input: Optional<Input<typeof registerPasskey>>, instance) =>
    registerPasskey(input ?? {}, instance),
)
/**
 * Enrolls a passkey: the browser asks the user.
 *
 * @example useRegisterPasskey().mutate({ label: 'Laptop' })
 */
export const useRegisterPasskey = newPasskey.use
export const registerPasskeyMutationOptions = newPasskey.options

const rename = mutation('renameMfaDevice', renameMfaDevice)
/**
 * Names a factor.
 *
 * @example useRenameMfaDevice().mutate({ deviceId, label: 'Phone' })
 */
export const useRenameMfaDevice = rename.use
export const renameMfaDeviceMutationOptions = rename.options

const setDefault = mutation('setDefaultMfaDevice', setDefaultMfaDevice)
/**
 * Makes a factor the one that is asked for first.
 *
 * @example useSetDefaultMfaDevice().mutate({ deviceId })
 */
export const useSetDefaultMfaDevice = setDefault.use
export const setDefaultMfaDeviceMutationOptions = setDefault.options

const remove = mutation('deleteMfaDevice', deleteMfaDevice)
/**
 * Removes a factor.
 *
 * @example useDeleteMfaDevice().mutate({ deviceId })
 */
export const useDeleteMfaDevice = remove.use
export const deleteMfaDeviceMutationOptions = remove.options

const newCodes = mutation('createNewMfaRecoveryCodes', (_: Optional<never>, instance) =>
  createNewMfaRecoveryCodes(instance),
)
/**
 * New recovery codes in place of all earlier ones. `data` holds them until the component goes.
 *
 * @example const { mutate: renew, data: codes } = useCreateNewMfaRecoveryCodes()
 */
export const useCreateNewMfaRecoveryCodes = newCodes.use
export const createNewMfaRecoveryCodesMutationOptions = newCodes.options

const acknowledge = mutation('acknowledgeRecoveryCodes', (_: Optional<never>, instance) =>
  acknowledgeRecoveryCodes(instance),
)
/**
 * Says that the user has put the recovery codes away.
 *
 * @example useAcknowledgeRecoveryCodes().mutate()
 */
export const useAcknowledgeRecoveryCodes = acknowledge.use
export const acknowledgeRecoveryCodesMutationOptions = acknowledge.options

const takeToken = mutation('getElevatedAccessToken', getElevatedAccessToken)
/**
 * Hands out the token of a scope; a single-use one leaves the store.
 *
 * @example const { mutateAsync: take } = useGetElevatedAccessToken()
 */
export const useGetElevatedAccessToken = takeToken.use
export const getElevatedAccessTokenMutationOptions = takeToken.options

const legacyToken = mutation('consumeMfaToken', (_: Optional<never>, instance) =>
  consumeMfaToken(instance),
)
/** @deprecated Ask for an elevated token with `requestedScopes`; `countersignFetch` sends it. */
export const useConsumeMfaToken = legacyToken.use
/** @deprecated See `useConsumeMfaToken`. */
export const consumeMfaTokenMutationOptions = legacyToken.options

const end = mutation('logout', (_: Optional<never>, instance) => logout(instance))
/**
 * Forgets every token and revokes it, before the application ends its session.
 *
 * @example useLogout().mutate(undefined, { onSuccess: () => endSession() })
 */
export const useLogout = end.use
export const logoutMutationOptions = end.options

/** What `useCountersignFetch` sends: where to, and what `countersignFetch` takes beside it. */
export type CountersignFetchInput = { input: RequestInfo | URL } & CountersignInit

const send = mutationOfCaller('countersignFetch', (sent: CountersignFetchInput, instance) => {
  const { input, ...init } = sent
  return countersignFetch(input, init as CountersignInit, instance)
})
/**
 * `fetch` to a guarded API, with the token of the action.
 *
 * @example useCountersignFetch().mutate({ input: '/api/export', method: 'POST', mfaAction: 'wallet.waas.export' })
 */
export const useCountersignFetch = send.use
export const countersignFetchMutationOptions = send.options

/** What `useWithStepUp` runs. */
export interface WithStepUpInput<T> extends WithStepUpOptions {
  action: MFAAction
  run: (fetch: StepUpFetch) => Promise<T>
}

const around = <T>() =>
  mutationOfCaller('withStepUp', ({ action, run, ...options }: WithStepUpInput<T>, instance) =>
    withStepUp(action, run, options, instance),
  )
/**
 * Runs an action, and has the user verified before it where that is needed. `useStepUp` brings a
 * dialog; this takes the prompt that it is given, or the instance's own.
 *
 * @example useWithStepUp<Response>().mutate({ action: 'wallet.waas.export', run: (fetch) => fetch('/api/export') })
 */
export const useWithStepUp = <T>(
  options?: Parameters<ReturnType<typeof around<T>>['use']>[0],
): ReturnType<ReturnType<typeof around<T>>['use']> => around<T>().use(options)
export const withStepUpMutationOptions = <T>(instance?: Countersign) =>
  around<T>().options(instance)
