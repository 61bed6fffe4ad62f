// The users of the tour, and how their tokens are printed.
import { randomUUID } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { type CountersignClient, createClient } from '../../client/index.ts'
import { DEMO, type DemoIssuer } from '../demo.ts'
import type { Walkthrough } from './walkthrough.ts'

/** What every step of the tour needs. */
export interface Tour {
  walkthrough: Walkthrough
  url: string
  /** The origin of the demo's pages, to which passkeys are bound. */
  page: string
  /** The issuer of the demo environment's tokens. */
  issuer: string
  application: DemoIssuer
  /** The wallet's API, calling with its resource key. */
  wallet: CountersignClient
}

/** A user with their session. */
export interface User {
  subject: string
  session: Record<string, unknown>
  client: CountersignClient
  /** The same user, spending an elevated token with the call. */
  with(elevatedToken: string): CountersignClient
}

/** A user whom nobody saw before, signed in to the pretended application. */
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

/** The wallet's API as a caller. */
export const walletClient = (url: string, resourceKey: string): CountersignClient =>
  createClient({ url, environment: DEMO.environment, bearer: () => resourceKey })

/** Returns a value that the next step needs; throws where it is missing. */
export function given<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`${what} did not come back`)
  return value
}

const TIMES = ['iat', 'exp', 'auth_time']

/** Claims, one per line; moments also as seconds from now. */
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

/** A token taken apart: its header in one line, its claims below. */
export const tokenLines = (token: string): string[] => [
  `header                ${JSON.stringify(decodeProtectedHeader(token))}`,
  ...claimLines(decodeJwt(token)),
]
