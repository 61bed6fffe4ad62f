// Sets up the browser tests: starts the service and the wallet as `npm start` does, and a real Chromium. It runs
// once for all files. page.ts gives a test its page.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import chromium from '@sparticuz/chromium'
import { chromium as playwright } from 'playwright-core'
import type { TestProject } from 'vitest/node'
import { nextFreePort } from '../../../scripts/ports.ts'
import { readVariables } from '../../../scripts/variables.ts'
import { startProcess } from './process.ts'

declare module 'vitest' {
  interface ProvidedContext {
    walletUrl: string
    serviceUrl: string
    /** The key of the service's first operator. */
    operatorKey: string
    /** The key of the pretended application of the demo environment. */
    demoIssuerKey: string
    /** Where the browser listens for its tests. */
    browserEndpoint: string
  }
}

/**
 * Some of the package's own arguments: with the first the browser ends with its first page, with the
 * second it does not do what it does for users, such as naming the page that calls.
 */
const UNWANTED = ['--single-process', '--disable-web-security']
const FIRST_PORT = 18_400

// No WebGL: to emulate a GPU takes a quarter of the browser's processor time.
chromium.setGraphicsMode = false

/** Starts both Workers and the browser; returns how to end them. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const state = mkdtempSync(join(tmpdir(), 'countersign-browser-'))
  const variables = join(state, 'variables')
  const port = await nextFreePort(FIRST_PORT)
  const walletPort = await nextFreePort(port + 1)
  const end = await startProcess(
    ['--state', join(state, 'state'), '--port', `${port}`, '--wallet-port', `${walletPort}`],
    variables,
  )
  const server = await playwright.launchServer({
    executablePath: process.env.CHROMIUM_PATH || (await chromium.executablePath()),
    args: process.env.CHROMIUM_PATH ? [] : chromium.args.filter((arg) => !UNWANTED.includes(arg)),
  })
  project.provide('serviceUrl', `http://localhost:${port}`)
  project.provide('walletUrl', `http://localhost:${walletPort}`)
  const keys = readVariables(variables, ['OPERATOR_KEY', 'DEMO_ISSUER_KEY'])
  project.provide('operatorKey', keys.OPERATOR_KEY)
  project.provide('demoIssuerKey', keys.DEMO_ISSUER_KEY)
  project.provide('browserEndpoint', server.wsEndpoint())
  return async () => {
    await server.close()
    await end()
    rmSync(state, { recursive: true, force: true })
  }
}
