// Which port to listen on: whether somebody is there already, and the next one that is free.
import { connect } from 'node:net'
import { Complaint } from './terminal.ts'

export const DEFAULT_PORT = 8787
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
 * @throws Complaint where there is none
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

/**
 * The port to serve on: the one asked for or none; without a wish the usual one, or the next free.
 *
 * @param asked the value of `--port`
 * @throws Complaint for a port that is taken, or is no port at all
 */
export async function choosePort(
  asked: string | undefined,
  usual = DEFAULT_PORT,
): Promise<ChosenPort> {
  if (asked !== undefined) {
    const port = readPort(asked)
    if (!(await isTaken(port))) return { port }
    throw new Complaint(
      `Port ${port} is taken by another program: end that one, or name another port with --port.`,
    )
  }
  const port = await nextFreePort(usual)
  if (port === usual) return { port }
  return { port, remark: `Port ${usual} is taken by another program, so this is port ${port}.` }
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= LAST_PORT) return port
  throw new Complaint(`--port ${text} is no port: it is a number from 1 to ${LAST_PORT}.`, 2)
}
