// Starts the programs of others that run on Node.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'

/** A running program. */
export interface Program {
  url: string
  pid(): number
  stop(): unknown
}

/** Starts a program of the folder programs/, and waits until it listens. */
export async function startProgram(name: string, ...args: string[]): Promise<Program> {
  const child = fork(fileURLToPath(new URL(`../programs/${name}.ts`, import.meta.url)), args, {
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    env: { ...process.env, NODE_ENV: 'production' },
  })
  const ended = once(child, 'exit').then(() => Promise.reject(new Error(`${name} ended by itself`)))
  const [{ port }] = (await Promise.race([once(child, 'message'), ended])) as [AddressInfo]
  ended.catch(() => undefined)
  return {
    url: `http://127.0.0.1:${port}`,
    pid: () => child.pid ?? 0,
    stop: () => child.connected && child.disconnect(),
  }
}
