// `npm stop`: ends the service that `npm start` runs with a state folder.
import { resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { findRecord, isAlive, type ServiceRecord } from './service.ts'
import { DEFAULT_STATE } from './state.ts'
import { Complaint, readOptions, runCommand } from './terminal.ts'

const HELP = `Ends the service and the wallet that \`npm start\` runs.

  npm stop -- [--state DIR]

  --state DIR   the state folder of the service (.wrangler/state)`

const POLL_MILLISECONDS = 100
/**
 * The signals that end the process, and how long to wait after each. If it is killed, its watchdog ends its
 * children.
 */
const END = [
  ['SIGTERM', 10_000],
  ['SIGKILL', 2_000],
] as const

async function main(): Promise<number> {
  const options = readOptions({ state: { type: 'string' } }, HELP)
  if (!options) return 0
  const { state = DEFAULT_STATE } = options
  const running = findRecord(state)
  if (!running) {
    console.log(`No service uses the state folder ${resolve(state)}.`)
    return 0
  }
  if (!(await end(running)))
    throw new Complaint(
      `Process ${running.pid} did not end: end it with \`kill -9 ${running.pid}\`.`,
    )
  console.log(`Stopped the service at ${running.url} (process ${running.pid}).`)
  return 0
}

/** Ends a process. Returns whether it has ended. */
async function end(running: ServiceRecord): Promise<boolean> {
  for (const [signal, milliseconds] of END) {
    send(running, signal)
    const deadline = Date.now() + milliseconds
    while (Date.now() < deadline) {
      if (!isAlive(running)) return true
      await sleep(POLL_MILLISECONDS)
    }
  }
  return !isAlive(running)
}

function send({ pid }: ServiceRecord, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined
    if (code === 'EPERM')
      throw new Complaint(`Process ${pid} belongs to another user: ask them to stop it.`)
    // Any other error means that it has ended already.
  }
}

await runCommand(main)
