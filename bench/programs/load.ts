// Sends the requests of a job over connections that stay open, each request once, and checks every answer. A
// process of its own, so that it does not share the thread of what prepares the requests.
import autocannon from 'autocannon'
import type { Job, Loaded } from '../job.ts'

const TIMEOUT_SECONDS = 30
const SHOWN_WRONG = 3

async function load({ url, connections, requests, expected }: Job): Promise<Loaded> {
  const wrong: string[] = []
  let right = 0
  let startedAt = 0
  let endedAt = 0
  const onResponse = (status: number, body: string) => {
    endedAt = performance.now()
    if (status === 200 && body.includes(expected)) right += 1
    else if (wrong.length < SHOWN_WRONG) wrong.push(`${status} ${body.slice(0, 600)}`)
  }
  let connection = 0
  const result = await autocannon({
    url,
    connections,
    amount: requests.length,
    timeout: TIMEOUT_SECONDS,
    setupClient: (client) => {
      const own = requests.filter((_, index) => index % connections === connection)
      connection += 1
      client.setRequests(
        own.map((request) => ({ method: 'POST' as const, ...request, onResponse })),
      )
      startedAt = performance.now()
    },
  })
  if (result.errors > 0) wrong.push(`${result.errors} connections failed or were too late`)
  const { p50, p99 } = result.latency
  return { seconds: (endedAt - startedAt) / 1000, p50, p99, right, wrong }
}

process.on('message', (job: Job) => {
  load(job).then(
    (loaded) => process.send?.(loaded),
    (error) => process.send?.({ wrong: [String(error)], right: 0, seconds: 1, p50: 0, p99: 0 }),
  )
})
process.once('disconnect', () => process.exit())
