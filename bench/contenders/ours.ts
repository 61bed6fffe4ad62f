// Countersign, served as for deployment. our-calls.ts has its calls.
import { DEMO } from '../../scripts/demo.ts'
import { type Served, type ServeOptions, serve } from '../../scripts/prove/serve.ts'
import { type Setup, setUp } from '../../scripts/prove/setup.ts'
import { given } from '../../scripts/tour/users.ts'
import type { BenchRequest } from '../job.ts'
import type { Contender } from '../measure.ts'

/** The action that users step up for. Its tokens are used once. */
export const EXPORT = { action: 'wallet.waas.export', scope: 'wallet:export' } as const

/** More users than any table creates, so that a service gets enough memory. */
export const ROOM_USERS = 10_000

/** A running service with its setup. */
export interface Ours
  extends Pick<Served, 'kill' | 'objects' | 'operatorKey' | 'pid' | 'restart' | 'stop'> {
  url: string
  setup: Setup
}

/**
 * Serves Countersign.
 *
 * @param options where the data is stored, and a changed build
 */
export async function startOurs(
  signal: AbortSignal,
  options: Pick<Partial<ServeOptions>, 'room' | 'build' | 'fronts'> = {},
): Promise<Ours> {
  const served = await serve({ room: ROOM_USERS, fronts: 1, ...options, signal })
  try {
    return { ...served, url: given(served.fronts[0], 'a front'), setup: await setUp(served) }
  } catch (error) {
    await served.stop()
    throw error
  }
}

/** Returns a call of a procedure. */
export const callOf = (
  procedure: string,
  bearer: string,
  input: object,
  headers: Record<string, string> = {},
): BenchRequest => ({
  path: `/${DEMO.environment}/trpc/${procedure}`,
  headers: { authorization: `Bearer ${bearer}`, 'content-type': 'application/json', ...headers },
  body: JSON.stringify(input),
})

/**
 * Makes a call that prepares others. Returns the data of its answer.
 *
 * @throws Error if the call was refused
 */
export async function prepareWith(
  url: string,
  { path, headers, body }: BenchRequest,
): Promise<Record<string, string>> {
  const answer = await fetch(url + path, { method: 'POST', headers, body })
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`)
  const { result } = (await answer.json()) as { result: { data: Record<string, string> } }
  return result.data
}

/** Returns a call of a service as a contender. */
export const contenderOf = (
  { url, pid }: Pick<Ours, 'url' | 'pid'>,
  name: string,
  rest: Pick<Contender, 'expected' | 'prepare' | 'most'>,
): Contender => ({ name, url, pid, ...rest })

/** Signs a user in. Returns the token of a new session. */
export const signIn = async (
  { application }: Pick<Setup, 'application'>,
  subject: string,
): Promise<string> => (await application.signIn(subject)).token
