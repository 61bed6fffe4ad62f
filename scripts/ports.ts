// Chooses the port to listen on: the one that was used before, or the next free one.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Complaint } from './terminal.ts'

export const DEFAULT_PORT = 8787
export const DEFAULT_WALLET_PORT = 8790
/** The file in the state folder that stores the ports. */
const PORTS = 'ports.json'
const LAST_PORT = 65_535
const ANSWER_WITHIN_MILLISECONDS = 500

/**
 * Returns whether a program listens on a port of this machine. Connects to the port, because on some systems a second
 * program can bind a port that another one has bound for all addresses.
 *
 * @example if (await isTaken(8787)) …
 */
export async function isTaken(port: number): Promise<boolean> {
  const answers = await Promise.all(['127.0.0.1', '::1'].map((host) => accepts(host, port)))
  return answers.includes(true)
}

function accepts(host: string, port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const socket = connect({ host, port })
  socket.once('connect', () => resolve(true))
  socket.once('error', () => resolve(false))
  // If a local port does not respond, its program is busy.
  socket.setTimeout(ANSWER_WITHIN_MILLISECONDS, () => resolve(true))
  return promise.finally(() => socket.destroy())
}

/**
 * Returns the first free port from a number on.
 *
 * @throws Complaint if every port is taken
 * @example const port = await nextFreePort(8787)
 */
export async function nextFreePort(from: number): Promise<number> {
  for (let port = from; port <= LAST_PORT; port += 1) {
    if (!(await isTaken(port))) return port
  }
  throw new Complaint(`Every port from ${from} up is taken.`)
}

/** The chosen port, and a remark if it is not the usual one. */
export interface ChosenPort {
  port: number
  remark?: string
}

/** The preferences for a port. */
export interface PortPreference {
  /** The port to try first. If it is taken, the next free port is used. */
  usual?: number
  /** The option that names another port. */
  option?: string
  /** A port that is reserved for another program. */
  except?: number
}

/**
 * Chooses the port to serve on: the requested one, or else the usual one, or else the next free one.
 *
 * @param asked the value of the option
 * @throws Complaint for a requested port that is taken or not valid
 */
export async function choosePort(
  asked: string | undefined,
  { usual = DEFAULT_PORT, option = '--port', except }: PortPreference = {},
): Promise<ChosenPort> {
  if (asked !== undefined) {
    const port = readPort(asked, option)
    if (port === except)
      throw new Complaint(
        `Port ${port} is the port of the service (--port): name another port with ${option}.`,
      )
    if (!(await isTaken(port))) return { port }
    throw new Complaint(
      `Port ${port} is taken by another program: stop that program, or name another port with ${option}.`,
    )
  }
  const free = await nextFreePort(usual)
  const port = free === except ? await nextFreePort(free + 1) : free
  if (port === usual) return { port }
  return { port, remark: `Port ${usual} is taken by another program, so this is port ${port}.` }
}

function readPort(text: string, option: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= LAST_PORT) return port
  throw new Complaint(`${option} must be a port number from 1 to ${LAST_PORT}, not ${text}.`, 2)
}

/** The ports of a state folder. They are stored, because the service stores addresses that contain them. */
export interface KnownPorts {
  service?: number
  wallet?: number
}

/** Returns the ports that were last used with a state folder. */
export function recallPorts(state: string): KnownPorts {
  try {
    const { service, wallet } = JSON.parse(readFileSync(join(state, PORTS), 'utf8'))
    return {
      ...(isPort(service) && { service }),
      ...(isPort(wallet) && { wallet }),
    }
  } catch {
    return {}
  }
}

/** Stores the ports of a state folder. Ports that are not named stay unchanged. */
export function rememberPorts(state: string, ports: KnownPorts): void {
  const known = { ...recallPorts(state), ...ports }
  writeFileSync(join(state, PORTS), `${JSON.stringify(known)}\n`)
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LAST_PORT
