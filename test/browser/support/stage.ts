// The stage of the browser tests: service and wallet as `npm start` runs them, and a real Chromium.
// It is set up once for all files; what a test needs of it stands in page.ts.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { nextFreePort } from '../../../scripts/ports.ts'

declare module 'vitest' {
  interface ProvidedContext {
    walletUrl: string
    serviceUrl: string
    /** Where the browser listens for its tests. */
    browserEndpoint: string
  }
}

/** One of the package's own arguments: with it the browser ends with its first page. */
const SINGLE_PROCESS = '--single-process'
const FIRST_PORT = 18_400
const READY_WITHIN_MILLISECONDS = 120_000

/** Starts both Workers and the browser; returns how to end them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state = mkdtempSync(join(tmpdir(), 'countersign-browser-'))
  const port = await nextFreePort(FIRST_PORT)
  const walletPort = await nextFreePort(port + 1)
  const start = spawn(
    process.execPath,
    [
      'scripts/start.ts',
      ...['--state', join(state, 'state'), '--port', `${port}`, '--wallet-port', `${walletPort}`],
    ],
    {
      env: { ...process.env, COUNTERSIGN_DEV_VARS: join(state, 'variables') },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  await untilRunning(start)
  const server = await playwright.launchServer({
    executablePath: process.env.CHROMIUM_PATH || (await chromium.executablePath()),
    args: process.env.CHROMIUM_PATH ? [] : chromium.args.filter((arg) => arg !== SINGLE_PROCESS),
  })
  project.provide('serviceUrl', `http://localhost:${port}`)
  project.provide('walletUrl', `http://localhost:${walletPort}`)
  project.provide('browserEndpoint', server.wsEndpoint())
  return async () => {
    await server.close()
    start.kill('SIGINT')
    if (start.exitCode === null) await once(start, 'close')
    rmSync(state, { recursive: true, force: true })
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
