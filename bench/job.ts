// What the process that loads a service is told, and what it answers. programs/load.ts is that process.

/** One request. It is sent once. */
export interface BenchRequest {
  path: string
  headers: Record<string, string>
  body: string
}

/** Requests to send, and the text that every right answer contains. */
export interface Job {
  url: string
  connections: number
  requests: BenchRequest[]
  expected: string
}

/** What was measured. */
export interface Loaded {
  /** From the first request to the last answer. */
  seconds: number
  /** Latencies in milliseconds. */
  p50: number
  p99: number
  /** The number of right answers, and some of the others. */
  right: number
  wrong: string[]
}
