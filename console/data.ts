// What the page asks for, as queries of TanStack Query, and how they are refetched after a change.
import { QueryClient, useQuery } from '@tanstack/react-query'
import { reasonOf } from 'countersign'
import type { EnvironmentView, StatsInput } from 'countersign/contract'
import { service } from './api.ts'

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

export const useStats = (input: StatsInput) =>
  useQuery({
    queryKey: ['stats', input.environment, input.range],
    queryFn: () => service.stats.get.query(input),
    refetchInterval: 60_000,
    staleTime: 30_000,
  })

export const useOperators = () =>
  useQuery({
    queryKey: ['operators'],
    queryFn: async () => (await service.operator.list.query({})).operators,
  })

/** Asks again for what may have changed. */
export const forget = (...key: string[]): Promise<void> =>
  queries.invalidateQueries({ queryKey: key })
