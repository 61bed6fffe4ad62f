// What every mutation of Countersign has in common: no retry, no waiting for a network that the browser
// believes to be away (a code would be sent long after it was typed), and nothing kept of a secret.
import type { QueryClient, UseMutationOptions, UseMutationResult } from '@tanstack/react-query'
// Imported as a namespace: where the package is missing, Vite then names the package instead of an export. Other
// bundlers name it either way.
import * as tanstack from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { asCountersignError, type CountersignError } from '../errors.ts'
import { type Countersign, instanceOf } from '../instance.ts'
import { useCountersign } from './provider.ts'
import { keepTrue } from './sync.ts'
import { useUserName } from './user.ts'

/** Options of a hook that changes something. */
export interface MutationHookOptions<T, V, E = CountersignError>
  extends Pick<UseMutationOptions<T, E, V>, 'onSuccess' | 'onError' | 'onSettled'> {
  /** The instance to use; the provider's, else the default one. */
  instance?: Countersign
  /** The query client to use; the nearest provider's. */
  client?: QueryClient
}

/** Options of a mutation, and the hook over them. */
export interface Mutation<T, V, E> {
  options: (instance?: Countersign) => UseMutationOptions<T, E, V>
  use: (options?: MutationHookOptions<T, V, E>) => UseMutationResult<T, E, V>
}

/** A mutation whose every error is a CountersignError. */
export const mutation = <T, V>(
  name: string,
  run: (variables: V, instance: Countersign) => Promise<T>,
): Mutation<T, V, CountersignError> =>
  mutationOfCaller<T, V, CountersignError>(name, async (variables, instance) => {
    try {
      return await run(variables, instance)
    } catch (error) {
      throw asCountersignError(error)
    }
  })

/** A mutation in which code of the application runs, whose errors stay what they are. */
export function mutationOfCaller<T, V, E = Error>(
  name: string,
  run: (variables: V, instance: Countersign) => Promise<T>,
): Mutation<T, V, E> {
  const options = (given?: Countersign): UseMutationOptions<T, E, V> => {
    const instance = instanceOf(given)
    return {
      mutationKey: ['countersign', instance.options.url, instance.options.environment, name],
      mutationFn: (variables) => run(variables, instance),
      networkMode: 'always',
      retry: false,
      gcTime: 0,
    }
  }
  return { options, use: (own) => useChange(options, own) }
}

function useChange<T, V, E>(
  optionsOf: (instance: Countersign) => UseMutationOptions<T, E, V>,
  { instance: given, client: own, ...options }: MutationHookOptions<T, V, E> = {},
): UseMutationResult<T, E, V> {
  const instance = useCountersign(given)
  const client = tanstack.useQueryClient(own)
  const user = useUserName(instance)
  const result = tanstack.useMutation({ ...optionsOf(instance), ...options }, client)
  useEffect(() => keepTrue(client, instance), [client, instance])
  // What one user was answered is not shown to the next.
  const { reset } = result
  const last = useRef(user)
  useEffect(() => {
    if (last.current !== undefined && last.current !== user) reset()
    last.current = user
  }, [user, reset])
  return result
}
