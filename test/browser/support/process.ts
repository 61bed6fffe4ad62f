// Starts and ends `npm start` for tests.
import { spawn } from 'node:child_process'
import { once } from 'node:events'

const READY_WITHIN_MILLISECONDS = 120_000

/**
 * Runs `npm start` with arguments and a file of variables of its own.
 *
 * @returns how to end it, once it runs
 */
export async function startProcess(
  args: readonly string[],
  variables: string,
): Promise<() => Promise<void>> {
  const start = spawn(process.execPath, ['scripts/start.ts', ...args], {
    env: { ...process.env, COUNTERSIGN_DEV_VARS: variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  await untilRunning(start)
  return async () => {
    start.kill('SIGINT')
    if (start.exitCode === null) await once(start, 'close')
  }
}

async function untilRunning(start: ReturnType<typeof spawn>): Promise<void> {
  let said = ''
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  for (const stream of [start.stdout, start.stderr]) {
    stream?.setEncoding('utf8').on('data', (more: string) => {
      said += more
      if (said.includes('Countersign runs.')) resolve()
    })
  }
  start.once('close', () => reject(new Error(`npm start ended:\n${said}`)))
  const timer = setTimeout(
    () => reject(new Error(`npm start did not get ready:\n${said}`)),
    READY_WITHIN_MILLISECONDS,
  )
  await promise.finally(() => clearTimeout(timer))
}
