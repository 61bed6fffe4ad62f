// Creates the users of the tour, and formats their tokens.
import { randomUUID } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { type CountersignClient, createClient } from '../../client/index.ts'
import { DEMO, type DemoIssuer } from '../demo.ts'
import type { Walkthrough } from './walkthrough.ts'

/** The context of every step of the tour. */
export interface Tour {
  walkthrough: Walkthrough
  url: string
  /** The origin of the demo's pages, to which passkeys are bound. */
  page: string
  /** The issuer of the demo environment's tokens. */
  issuer: string
  application: DemoIssuer
  /** The client of the wallet's API, which calls with its resource key. */
  wallet: CountersignClient
}

/** A user with their session. */
export interface User {
  subject: string
  session: Record<string, unknown>
  client: CountersignClient
  /** Returns the user's client with an elevated token. */
  with(elevatedToken: string): CountersignClient
}

/** Signs in a new user to the demo application. */
export async function newUser({ url, application }: Tour): Promise<User> {
  const subject = `ada-${randomUUID().slice(0, 8)}`
  const { token, claims } = await application.signIn(subject)
  const options = { url, environment: DEMO.environment, bearer: () => token }
  return {
    subject,
    session: claims,
    client: createClient(options),
    with: (elevatedToken) => createClient({ ...options, elevatedToken: () => elevatedToken }),
  }
}

/** Creates the client of the wallet's API. */
export const walletClient = (url: string, resourceKey: string): CountersignClient =>
  createClient({ url, environment: DEMO.environment, bearer: () => resourceKey })

/** Returns a value that the next step needs. Throws if it is missing. */
export function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} is missing`)
  return value
}

const TIMES = ['iat', 'exp', 'auth_time']

/** Formats claims, one per line. Adds the seconds from now to times. */
export function claimLines(claims: Record<string, unknown>): string[] {
  return Object.entries(claims).map(([name, value]) => {
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return `${name.padEnd(22)}${text}${TIMES.includes(name) ? fromNow(Number(value)) : ''}`
  })
}

function fromNow(at: number): string {
  const seconds = at - Math.floor(Date.now() / 1000)
  if (seconds === 0) return '  (now)'
  return seconds > 0 ? `  (in ${seconds} s)` : `  (${-seconds} s ago)`
}

/** Formats a token: its header in one line, and its claims below. */
export const tokenLines = (token: string): string[] => [
  `header                ${JSON.stringify(decodeProtectedHeader(token))}`,
  ...claimLines(decodeJwt(token)),
]
