// `npm run hello`: sets up an environment for the smallest example on the local service, and starts the example's
// API, which serves its page. The API is there in three languages, and in a full-stack framework.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import type { CountersignClient } from '../client/index.ts'
import type { EnvironmentSettings } from '../contract/index.ts'
import { setupClient } from './automation.ts'
import { choosePort } from './ports.ts'
import { provision } from './provision.ts'
import { askHealth, findService } from './service.ts'
import { DEFAULT_STATE } from './state.ts'
import { Complaint, interruption, readOptions, runCommand, USAGE_EXIT_CODE } from './terminal.ts'
import { ROOT, readVariables, variablesFile } from './variables.ts'
import { guardProcess } from './watchdog.ts'

const ENVIRONMENT = 'hello'
const KEY_LABEL = 'npm run hello'
const HELLO_PORT = 3000
const HELP = `Starts the smallest example. It uses the service that \`npm start\` runs.

  npm run hello -- [--api NAME] [--port N] [--state DIR]

  --api NAME   its API: typescript, python, go or react-router (typescript)
  --port N     the example listens on port N (3000, or the next free one)
  --state DIR  the state folder of the service (.wrangler/state)`

/** How the API of each language runs. It reads its port, the service and its key from the environment. */
const APIS: Record<string, () => Promise<number>> = {
  typescript: async () => {
    registerHooks({ resolve: (name, context, next) => next(PACKAGE[name] ?? name, context) })
    await import(pathToFileURL(`${ROOT}examples/hello/api.ts`).href)
    return 0
  },
  python: () => buildPage().then(() => runProgram('python-api', PYTHON)),
  go: () => buildPage().then(() => runProgram('go-api', GO)),
  'react-router': () => runProgram('react-router', REACT_ROUTER),
}
const PYTHON = `exec "\${PYTHON:-python3}" api.py`
const GO = 'go build -o ../../.tsbuild/go-api . && exec ../../.tsbuild/go-api'
const FRAMEWORK = '../../node_modules/@react-router/dev/bin.cjs'
const REACT_ROUTER = `export NODE_ENV=production NODE='${process.execPath}'
"$NODE" ${FRAMEWORK} build && exec "$NODE" server.ts`

/** Builds the page of examples/hello. */
async function buildPage(): Promise<void> {
  const hello = `${ROOT}examples/hello/`
  await build({
    entryPoints: ['page.tsx', 'index.html'].map((file) => hello + file),
    outdir: `${hello}dist`,
    ...{ bundle: true, jsx: 'automatic', loader: { '.html': 'copy' } },
    define: { COUNTERSIGN_URL: JSON.stringify(process.env.COUNTERSIGN_URL) },
  })
}

/** Runs a command in the folder of an example until it ends. */
async function runProgram(folder: string, command: string): Promise<number> {
  const cwd = `${ROOT}examples/${folder}`
  const child = spawn('/bin/sh', ['-c', command], { cwd, stdio: 'inherit' })
  const release = guardProcess(child.pid)
  const interrupted = interruption()
  interrupted.addEventListener('abort', () => child.kill())
  const [code] = await once(child, 'close')
  await release()
  return interrupted.aborted ? 0 : (code ?? 1)
}

/** Maps the imports of the example to the source, as if the package were installed. */
const PACKAGE: Record<string, string> = {
  'countersign/resource': pathToFileURL(`${ROOT}client/resource.ts`).href,
}

/** Returns the settings of the example's environment, for the address that it listens on. */
const helloSettings = (url: string): EnvironmentSettings => ({
  name: 'Hello',
  session: { issuer: url, keys: { jwksUri: `${url}/jwks.json` }, audiences: ['hello'] },
  rpId: 'localhost',
  origins: [url],
  audiences: [url],
  actions: [
    {
      action: 'order.refund',
      scope: 'orders:refund',
      base: { require: 'always', details: 'required' },
    },
  ],
})

/** Creates the example's resource key, and revokes the keys of earlier runs. */
async function makeKey({ environment: environments }: CountersignClient, audience: string) {
  const { resourceKeys } = await environments.get.query({ environment: ENVIRONMENT })
  for (const { id } of resourceKeys.filter(({ label }) => label === KEY_LABEL))
    await environments.revokeResourceKey.mutate({ environment: ENVIRONMENT, id })
  const order = { environment: ENVIRONMENT, audience, label: KEY_LABEL }
  return (await environments.createResourceKey.mutate(order)).key
}

async function main(): Promise<number> {
  const text = { type: 'string' } as const
  const options = readOptions({ api: text, port: text, state: text }, HELP)
  if (!options) return 0
  const { api = 'typescript', state = DEFAULT_STATE } = options
  const run = Object.hasOwn(APIS, api) ? APIS[api] : undefined
  if (!run)
    throw new Complaint(
      `--api must be ${Object.keys(APIS).join(' or ')}.\n\n${HELP}`,
      USAGE_EXIT_CODE,
    )
  const service = await findService(state)
  if (!service)
    throw new Complaint('No service uses this state folder: run `npm start` in another terminal.')
  const { OPERATOR_KEY } = readVariables(variablesFile(), ['OPERATOR_KEY'])
  const operator = await setupClient(service, OPERATOR_KEY, state)
  const { port, remark } = await choosePort(options.port, { usual: HELLO_PORT })
  if (remark) console.log(remark)
  const url = `http://localhost:${port}`
  await provision(operator, ENVIRONMENT, helloSettings(url))
  Object.assign(process.env, {
    PORT: String(port),
    COUNTERSIGN_URL: (await askHealth(service))?.issuer ?? service,
    RESOURCE_KEY: await makeKey(operator, url),
  })
  return run()
}

await runCommand(main)
