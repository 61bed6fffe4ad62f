// What the page asks for, as queries of TanStack Query, and how they are refetched after a change.
import { QueryClient, skipToken, useQuery } from '@tanstack/react-query'
import { reasonOf } from 'countersign'
import type { EnvironmentView, StatsInput } from 'countersign/contract'
import { service } from './api.ts'
import type { Known } from './model/events.ts'
import { actionsOf } from './rules.ts'

/** A refusal will not become a yes by asking again; no answer may. */
const retry = (failures: number, error: Error) => {
  const reason = reasonOf(error)?.reason
  return (!reason || reason === 'unavailable') && failures < 1
}

export const queries = new QueryClient({
  defaultOptions: {
    queries: { networkMode: 'always', retry, retryDelay: 600, staleTime: 5_000 },
    mutations: { networkMode: 'always', retry: false },
  },
})

export const useEnvironments = () =>
  useQuery({
    queryKey: ['environments'],
    queryFn: async () => (await service.environment.list.query({})).environments,
  })

const environmentQuery = (environment: string) => ({
  queryKey: ['environment', environment],
  queryFn: () => service.environment.get.query({ environment }),
})

export const useEnvironment = (environment: string) => useQuery(environmentQuery(environment))

/** What the names in histories stand for, as far as the settings say. */
export function useKnown(environment: string, factors: Known['factors'] = []): Known {
  const { data } = useEnvironment(environment)
  const actions = data ? actionsOf(data.settings) : []
  return { actions, factors, resourceKeys: data?.resourceKeys ?? [] }
}

/** How often a page that waits for something to happen asks, while it is visible. */
const WATCH_MILLISECONDS = 5_000

/** What happened in an environment in the last month, asked again and again. */
export function useWatched(environment: string) {
  const refetchInterval = WATCH_MILLISECONDS
  const { data: view } = useQuery({ ...environmentQuery(environment), refetchInterval })
  const { data: stats } = useQuery({
    ...statsQuery({ environment, range: 'month' }),
    refetchInterval,
    staleTime: 0,
  })
  return { view, stats }
}

const triedKey = (environment: string) => ['tried', environment]

/** Remembers, until the operator signs out, that a session token was accepted. */
export const rememberTried = (environment: string): void => {
  queries.setQueryDefaults(triedKey(environment), { gcTime: Number.POSITIVE_INFINITY })
  queries.setQueryData(triedKey(environment), true)
}

/** Whether a session token was accepted when an operator tried it. */
export const useTried = (environment: string): boolean =>
  useQuery<boolean>({ queryKey: triedKey(environment), queryFn: skipToken }).data ?? false

/**
 * The environment as this page knows it by now. A query renders a moment after its data came; who reads
 * it beside another store reads it here, or would see the settings of before once more.
 */
export const knownEnvironment = (environment: string): EnvironmentView | undefined =>
  queries.getQueryData(environmentQuery(environment).queryKey)

/** The environment as it is now, not as it was. */
export const readEnvironment = (environment: string) =>
  queries.fetchQuery({ ...environmentQuery(environment), staleTime: 0 })

export const useSubject = (environment: string, subject: string) =>
  useQuery({
    queryKey: ['subject', environment, subject],
    queryFn: () => service.subject.get.query({ environment, subject }),
    enabled: subject !== '',
  })

const statsQuery = (input: StatsInput) => ({
  queryKey: ['stats', input.environment, input.range],
  queryFn: () => service.stats.get.query(input),
})

export const useStats = (input: StatsInput) =>
  useQuery({ ...statsQuery(input), refetchInterval: 60_000, staleTime: 30_000 })

export const useOperators = () =>
  useQuery({
    queryKey: ['operators'],
    queryFn: async () => (await service.operator.list.query({})).operators,
  })

/** Asks again for what may have changed. */
export const forget = (...key: string[]): Promise<void> =>
  queries.invalidateQueries({ queryKey: key })
