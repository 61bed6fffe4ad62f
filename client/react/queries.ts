// What a page asks Countersign, as TanStack queries: options, and a hook over each. Keys carry the
// address, the environment and the user. Whether a step-up is required is never an old answer.
import type { QueryClient, UseQueryOptions, UseQueryResult } from '@tanstack/react-query'
// Imported as a namespace, as in mutation.ts.
import * as tanstack from '@tanstack/react-query'
import { useEffect } from 'react'
import type { Details } from '../../contract/index.ts'
import { checkStepUpAuth, isMfaRequiredForAction, isUserMissingMfaAuth } from '../check.ts'
import { getMfaDevices, getMfaMethods } from '../devices.ts'
import { asCountersignError, CountersignError } from '../errors.ts'
import { type Countersign, instanceOf } from '../instance.ts'
import type { ActionOrScope } from '../names.ts'
import { useCountersign } from './provider.ts'
import { type Kind, keepTrue, keyOfUser } from './sync.ts'
import { type UserName, useUserName, watchOf } from './user.ts'

/** What is asked about: an action or a scope, and what it is about to do. */
export type Asked = ActionOrScope & { details?: Details | undefined }

/** Options of a hook that reads. */
export interface QueryHookOptions {
  /** The instance to use; the provider's, else the default one. */
  instance?: Countersign
  /** The query client to use; the nearest provider's. */
  client?: QueryClient
  /** Whether to ask at all. */
  enabled?: boolean
  /** Whether an error is thrown to the nearest error boundary. */
  throwOnError?: boolean
}

const SECOND = 1000

/** Builds the options of a query, bound to the user who is signed in now. */
function build<T>(
  kind: Kind,
  name: string,
  asked: Asked | undefined,
  ask: (instance: Countersign) => Promise<T>,
  given: Countersign | undefined,
) {
  const instance = instanceOf(given)
  const user = watchOf(instance).current()
  return tanstack.queryOptions<T, CountersignError>({
    queryKey: [...keyOfUser(instance, user), kind, name, ...(asked ? [asked] : [])],
    queryFn: () => askFor(user, ask, instance),
    // A browser that believes it is offline may be wrong, and "required" is an answer as well.
    networkMode: 'always',
    staleTime: 0,
    ...(kind === 'required'
      ? { gcTime: 0, retry: false, refetchInterval: () => untilTokenExpires(instance) }
      : { retry: (failures, { reason }) => reason === 'unavailable' && failures < 2 }),
  })
}

/** Queries for one user. Rejects an answer that belongs to another user. */
async function askFor<T>(
  user: UserName,
  ask: (instance: Countersign) => Promise<T>,
  instance: Countersign,
): Promise<T> {
  try {
    const { look } = watchOf(instance)
    if ((await look()) !== user) throw somebodyElse()
    const answer = await ask(instance)
    if ((await look()) !== user) throw somebodyElse()
    return answer
  } catch (error) {
    throw asCountersignError(error)
  }
}

const somebodyElse = () =>
  new CountersignError('unauthenticated', 'The signed-in user has changed: run the query again.')

/** "Not required, there is a token" ends with that token. */
function untilTokenExpires({ tokens }: Countersign): number | false {
  const ends = tokens.list().map(({ expiresAt, aheadSeconds }) => expiresAt - aheadSeconds)
  return ends.length > 0 && Math.max(Math.min(...ends) * SECOND - Date.now(), SECOND)
}

function useAsked<T>(
  optionsOf: (instance: Countersign) => UseQueryOptions<T, CountersignError>,
  { instance: given, client: own, ...options }: QueryHookOptions = {},
): UseQueryResult<T, CountersignError> {
  const instance = useCountersign(given)
  const client = tanstack.useQueryClient(own)
  useUserName(instance)
  useEffect(() => keepTrue(client, instance), [client, instance])
  return tanstack.useQuery({ ...optionsOf(instance), ...options }, client)
}

/** Options of the query behind `useIsMfaRequiredForAction`. */
export const isMfaRequiredForActionQueryOptions = (asked: Asked, instance?: Countersign) =>
  build(
    'required',
    'isMfaRequiredForAction',
    asked,
    (own) => isMfaRequiredForAction(asked, own),
    instance,
  )

/**
 * Whether a step-up is needed before an action. `data` is true also where the server cannot be asked;
 * while it is undefined nobody knows yet: treat that as true.
 *
 * @example const { data: required = true } = useIsMfaRequiredForAction({ mfaAction: 'wallet.waas.export' })
 */
export const useIsMfaRequiredForAction = (asked: Asked, options?: QueryHookOptions) =>
  useAsked((own) => isMfaRequiredForActionQueryOptions(asked, own), options)

/** Options of the query behind `useCheckStepUpAuth`. */
export const checkStepUpAuthQueryOptions = (asked: Asked, instance?: Countersign) =>
  build('required', 'checkStepUpAuth', asked, (own) => checkStepUpAuth(asked, own), instance)

/**
 * Whether a step-up is needed for a scope, and which of the user's factors can give it.
 *
 * @example const { data } = useCheckStepUpAuth({ scope: 'wallet:export' })
 */
export const useCheckStepUpAuth = (asked: Asked, options?: QueryHookOptions) =>
  useAsked((own) => checkStepUpAuthQueryOptions(asked, own), options)

/** Options of the query behind `useIsUserMissingMfaAuth`. */
export const isUserMissingMfaAuthQueryOptions = (instance?: Countersign) =>
  build('required', 'isUserMissingMfaAuth', undefined, isUserMissingMfaAuth, instance)

/**
 * Whether the user must enroll a factor before going on.
 *
 * @example const { data: mustEnroll } = useIsUserMissingMfaAuth()
 */
export const useIsUserMissingMfaAuth = (options?: QueryHookOptions) =>
  useAsked(isUserMissingMfaAuthQueryOptions, options)

/** Options of the query behind `useGetMfaMethods`. */
export const getMfaMethodsQueryOptions = (instance?: Countersign) =>
  build('devices', 'getMfaMethods', undefined, getMfaMethods, instance)

/**
 * How many factors of each kind the user has, and how many recovery codes are left.
 *
 * @example const { data: methods } = useGetMfaMethods()
 */
export const useGetMfaMethods = (options?: QueryHookOptions) =>
  useAsked(getMfaMethodsQueryOptions, options)

/** Options of the query behind `useGetMfaDevices`. */
export const getMfaDevicesQueryOptions = (instance?: Countersign) =>
  build('devices', 'getMfaDevices', undefined, getMfaDevices, instance)

/**
 * The user's factors.
 *
 * @example const { data: devices = [], isLoading } = useGetMfaDevices()
 */
export const useGetMfaDevices = (options?: QueryHookOptions) =>
  useAsked(getMfaDevicesQueryOptions, options)
