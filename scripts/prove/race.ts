// Presents one thing many times at the same time, over every front service, and counts the answers. Never repeats
// a call, because a call whose answer was lost may have been accepted. kinds.ts prepares the things.
import { Agent, request } from 'node:http'

const ANSWER_WITHIN_MILLISECONDS = 60_000

/** A call of a procedure. */
export interface Presentation {
  environment: string
  procedure: string
  bearer: string
  input: object
}

/** The number of each outcome: `accepted`, or the reason of a refusal. */
export type Outcomes = Map<string, number>

export const ACCEPTED = 'accepted'

/** Presents things over connections that stay open. */
export interface Racer {
  /** Presents one thing many times at the same time. Returns the outcomes. */
  race(presentation: Presentation, times: number): Promise<Outcomes>
  /** Closes the connections. */
  close(): void
}

/**
 * Creates a racer.
 *
 * @param fronts the addresses that the presentations use in turn
 * @param connections the greatest number of connections to each address; further calls wait for a free one
 * @example const outcomes = await createRacer(fronts, 75).race(presentation, 100)
 */
export function createRacer(fronts: string[], connections: number): Racer {
  const agent = new Agent({ keepAlive: true, maxSockets: connections, maxFreeSockets: connections })
  return {
    race: async ({ environment, procedure, bearer, input }, times) => {
      const body = JSON.stringify(input)
      const answers = Array.from({ length: times }, (_, turn) => {
        const url = `${fronts[turn % fronts.length]}/${environment}/trpc/${procedure}`
        return post(agent, url, bearer, body)
      })
      const outcomes: Outcomes = new Map()
      for (const outcome of await Promise.all(answers)) add(outcomes, outcome, 1)
      return outcomes
    },
    close: () => agent.destroy(),
  }
}

/** Counts an outcome. */
export function add(outcomes: Outcomes, outcome: string, times: number): void {
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + times)
}

/** Makes a call and returns its outcome. A missing answer is an outcome too. */
function post(agent: Agent, url: string, bearer: string, body: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const headers = {
    authorization: `Bearer ${bearer}`,
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  }
  const lost = (error: Error & { code?: string }) =>
    resolve(`no answer (${error.code ?? error.message})`)
  const call = request(url, { method: 'POST', agent, headers }, (answer) => {
    let text = ''
    answer.setEncoding('utf8')
    answer.on('data', (more: string) => {
      text += more
    })
    answer.once('end', () => resolve(outcomeOf(answer.statusCode, text)))
    answer.once('error', lost)
  })
  call.setTimeout(ANSWER_WITHIN_MILLISECONDS, () => call.destroy(new Error('too late')))
  call.once('error', lost)
  call.end(body)
  return promise
}

function outcomeOf(status: number | undefined, text: string): string {
  try {
    const { result, error } = JSON.parse(text)
    if (status === 200 && result?.data) return ACCEPTED
    return error?.data?.reason ?? `status ${status}`
  } catch {
    return `status ${status}`
  }
}
