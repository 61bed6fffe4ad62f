// The prices and limits of the platform, as its documentation had them in November 2026 for the Workers Paid plan.

export const READ_IN = 'November 2026'

/** Where each of them is documented. */
export const SOURCES = {
  'Workers, prices': 'https://developers.cloudflare.com/workers/platform/pricing/',
  'Workers, limits': 'https://developers.cloudflare.com/workers/platform/limits/',
  'Durable Objects, prices': 'https://developers.cloudflare.com/durable-objects/platform/pricing/',
  'Durable Objects, limits': 'https://developers.cloudflare.com/durable-objects/platform/limits/',
  'KV, limits': 'https://developers.cloudflare.com/kv/platform/limits/',
} as const

/** Dollars for a million of each, beyond what the plan includes; what the plan includes in a month. */
export const PRICES = {
  requests: { dollars: 0.3, included: '10 million', what: 'requests to the Worker' },
  cpuMilliseconds: { dollars: 0.02, included: '30 million', what: 'milliseconds of CPU' },
  objectRequests: { dollars: 0.15, included: '1 million', what: 'calls of objects, and alarms' },
  gigabyteSeconds: { dollars: 12.5, included: '400,000', what: 'GB-seconds of objects' },
  rowsRead: { dollars: 0.001, included: '25 billion', what: 'rows read' },
  rowsWritten: { dollars: 1, included: '50 million', what: 'rows written' },
} as const
export type Billed = keyof typeof PRICES

/** Dollars for a GB that is stored for a month; the plan includes 5. */
export const STORED_GB_MONTH = 0.2

/** An object is billed for this memory while it runs, whatever it uses. */
export const OBJECT_GIGABYTES = 0.128

export const LIMITS = {
  /** A soft limit, in requests a second. */
  objectRequestsPerSecond: 1000,
  objectBytes: 10_000_000_000,
  isolateBytes: 128_000_000,
  /** To one key. */
  kvWritesPerSecond: 1,
} as const
