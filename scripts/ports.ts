// Which port to listen on: the one that was used before, whether somebody is there already, and the
// next one that is free.
import { readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { Complaint } from './terminal.ts'

export const DEFAULT_PORT = 8787
export const DEFAULT_WALLET_PORT = 8790
/** In the state folder. */
const PORTS = 'ports.json'
const LAST_PORT = 65_535
const ANSWER_WITHIN_MILLISECONDS = 500

/**
 * Whether somebody listens on a port of this machine, on 127.0.0.1, on ::1, or on all addresses. It
 * asks by connecting: binding a second time succeeds on some systems where the first is for all addresses.
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
  // On this machine a silent port is one whose listener has too much to do.
  socket.setTimeout(ANSWER_WITHIN_MILLISECONDS, () => resolve(true))
  return promise.finally(() => socket.destroy())
}

/**
 * The first free port from one up.
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

/** The port that was chosen, and what to say where it is not the one that was hoped for. */
export interface ChosenPort {
  port: number
  remark?: string
}

/** What is wished of a port. */
export interface PortWish {
  /** Where to look first; the next free one is taken otherwise. */
  usual?: number
  /** The option that names another. */
  option?: string
  /** A port that is spoken for, though nobody listens yet. */
  except?: number
}

/**
 * The port to serve on: the one asked for or none; without a wish the usual one, or the next free.
 *
 * @param asked the value of the option
 * @throws Complaint for a port that is taken, or is no port at all
 */
export async function choosePort(
  asked: string | undefined,
  { usual = DEFAULT_PORT, option = '--port', except }: PortWish = {},
): Promise<ChosenPort> {
  if (asked !== undefined) {
    const port = readPort(asked, option)
    if (port === except)
      throw new Complaint(
        `Port ${port} is the one of the service (--port): name another port with ${option}.`,
      )
    if (!(await isTaken(port))) return { port }
    throw new Complaint(
      `Port ${port} is taken by another program: end that one, or name another port with ${option}.`,
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

/** The ports of a state folder, so that addresses stay what is stored of them. */
export interface KnownPorts {
  service?: number
  wallet?: number
}

/** The ports that were used last on a state. */
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

/** Notes which ports are used on a state; what is not named stays. */
export function rememberPorts(state: string, ports: KnownPorts): void {
  const known = { ...recallPorts(state), ...ports }
  writeFileSync(join(state, PORTS), `${JSON.stringify(known)}\n`)
}

const isPort = (value: unknown): value is number =>
  Number.isInteger(value) && Number(value) >= 1 && Number(value) <= LAST_PORT
