// What this process and the programs have in common: the work of programs/load.ts, and names.

/** One request. It is sent once. */
export interface BenchRequest {
  /** Default: POST. */
  method?: 'GET' | 'POST'
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

/** The page that better-auth serves. */
export const ORIGIN = 'http://localhost:3000'

/** The client of oidc-provider, and the audience of its tokens. */
export const CLIENT = { id: 'bench', secret: 'a secret of the benchmark alone' }
export const RESOURCE = 'https://wallet.demo.example'
