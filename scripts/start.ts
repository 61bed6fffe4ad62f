// `npm start`: runs the local service with the demo environment, and the example wallet, until Ctrl-C. worker.ts
// starts and ends their processes.
import { once } from 'node:events'
import { resolve } from 'node:path'
import type { CountersignClient } from '../client/index.ts'
import { keepAutomationKey, setupClient } from './automation.ts'
import { DEMO, demoSettings, isLocal, pageOf, readDemoIssuer } from './demo.ts'
import { buildPage } from './pages.ts'
import {
  type ChosenPort,
  choosePort,
  DEFAULT_PORT,
  DEFAULT_WALLET_PORT,
  recallPorts,
  rememberPorts,
} from './ports.ts'
import { provision } from './provision.ts'
import { claimState, type Service, startService } from './service.ts'
import { DEFAULT_STATE } from './state.ts'
import { interruption, paint, readOptions, runCommand } from './terminal.ts'
import { completeVariables, readVariables, removeWrittenUrl, variablesFile } from './variables.ts'
import { completeWallet, startWallet, WALLET, walletSettings } from './wallet.ts'
import type { RunningWorker } from './worker.ts'

const HELP = `Starts Countersign on this machine, with an example wallet and a demo environment.

  npm start -- [--port N] [--wallet-port N] [--no-wallet] [--state DIR] [--verbose]

  --port N         the service listens on port N (8787, or the next free one)
  --wallet-port N  the wallet listens on port N (8790, or the next free one)
  --no-wallet      start only the service
  --state DIR      store the data in DIR (.wrangler/state)
  --verbose        print the output of wrangler and the Workers

Without a port option, both use the ports of the last start with the same state. \`npm stop\` ends them.`

const OPTIONS = {
  port: { type: 'string' },
  'wallet-port': { type: 'string' },
  'no-wallet': { type: 'boolean' },
  state: { type: 'string' },
  verbose: { type: 'boolean' },
} as const

/** The options of a start, and the values that they lead to. */
interface Plan {
  state: string
  verbose: boolean
  port: number
  /** Missing if only the service is started. */
  walletPort?: number
  file: string
  operatorKey: string
  issuer: Awaited<ReturnType<typeof readDemoIssuer>>
  interrupted: AbortSignal
}

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const { verbose = false } = options
  const interrupted = interruption()
  const state = claimState(options.state ?? DEFAULT_STATE)
  const ports = await choosePorts(state, options)

  const file = variablesFile()
  removeWrittenUrl(file)
  const written = await completeVariables(file)
  if (written.length > 0)
    console.log(`Random values for ${written.join(', ')} were written to ${file}.`)
  const variables = readVariables(file, ['ROOT_SECRET', 'OPERATOR_KEY', 'DEMO_ISSUER_KEY'])
  const issuer = await readDemoIssuer(variables.DEMO_ISSUER_KEY)

  if (interrupted.aborted) return 0
  const over = once(interrupted, 'abort')
  console.log('Starting the Worker …')
  const service = await startService({ port: ports.port, state, variables, verbose })
  const running: RunningWorker[] = [service]
  const operatorKey = variables.OPERATOR_KEY
  const plan: Plan = { state, verbose, ...ports, file, operatorKey, issuer, interrupted }
  try {
    await Promise.race([over, serve(service, running, plan)])
    console.log(`\nEnding the ${running.length > 1 ? 'Workers' : 'Worker'} …`)
    return 0
  } finally {
    await Promise.all(running.map((worker) => worker.stop()))
  }
}

/** Chooses both ports before anything starts, because the service and the wallet store each other's address. */
async function choosePorts(
  state: string,
  options: { port?: string; 'wallet-port'?: string; 'no-wallet'?: boolean },
): Promise<{ port: number; walletPort?: number }> {
  const known = recallPorts(state)
  const say = ({ port, remark }: ChosenPort): number => {
    if (remark) console.log(paint('yellow', remark))
    return port
  }
  const port = say(await choosePort(options.port, { usual: known.service ?? DEFAULT_PORT }))
  if (options['no-wallet']) return { port }
  const preference = {
    usual: known.wallet ?? DEFAULT_WALLET_PORT,
    option: '--wallet-port',
    except: port,
  }
  return { port, walletPort: say(await choosePort(options['wallet-port'], preference)) }
}

/** Sets up the service and the wallet, prints their addresses, and waits until one of them ends. */
async function serve(service: Service, running: RunningWorker[], plan: Plan): Promise<never> {
  const { state, operatorKey, issuer, port } = plan
  await service.ready
  rememberPorts(state, { service: port })
  const wanted = demoSettings(pageOf(service.url, service.publicUrl), issuer.publicJwk)
  const operator = await setupClient(service.url, operatorKey, state)
  await keepAutomationKey(operator, service.url, state)
  const done = await provision(operator, DEMO.environment, wanted)
  const wallet = await serveWallet(service, running, operator, plan)
  console.log(describe(service, wallet, done, plan))
  return Promise.race(running.map(({ died }) => died))
}

/** Starts the wallet. Returns undefined if it is not wanted, or if the service has a public address. */
async function serveWallet(
  service: Service,
  running: RunningWorker[],
  operator: CountersignClient,
  { walletPort, state, verbose, interrupted }: Plan,
): Promise<RunningWorker | undefined> {
  if (walletPort === undefined) return undefined
  const { publicUrl: countersignUrl } = service
  if (!isLocal(countersignUrl)) {
    console.log(
      paint(
        'yellow',
        `The wallet is not started: it needs a service on this machine, not ${countersignUrl}.`,
      ),
    )
    return undefined
  }
  console.log('Starting the wallet …')
  const url = `http://localhost:${walletPort}`
  await provision(operator, WALLET.environment, walletSettings(url))
  const envFile = await completeWallet(operator, state, { url, countersignUrl })
  await buildPage('wallet', interrupted)
  // After an interruption, nothing would end a Worker that starts now.
  interrupted.throwIfAborted()
  const wallet = startWallet({ url, countersignUrl, port: walletPort, state, envFile, verbose })
  running.push(wallet)
  await Promise.race([wallet.ready, service.died])
  rememberPorts(state, { wallet: walletPort })
  return wallet
}

function describe(
  { url, publicUrl, log }: Service,
  wallet: RunningWorker | undefined,
  done: string,
  { state, file }: Plan,
): string {
  const demo = `${url}/${DEMO.environment}`
  const key = process.env.OPERATOR_KEY ? 'the variable OPERATOR_KEY' : `OPERATOR_KEY in ${file}`
  const rows = [
    ...(wallet ? [['wallet', wallet.url]] : []),
    ['service', url],
    ...(publicUrl === url ? [] : [['issuer', publicUrl]]),
    ['health', `${url}/health`],
    ['demo metadata', `${demo}/.well-known/oauth-authorization-server`],
    ['demo key set', `${demo}/.well-known/jwks.json`],
    ['dashboard', `${publicUrl}/console`],
    ['operator calls', `${url}/operator/trpc`],
    ['operator key', key],
    ['state', resolve(state)],
    ['log', log],
    ...(wallet ? [['wallet log', wallet.log]] : []),
  ]
  const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(16)}${paint('cyan', value)}`)
  return [
    '',
    `${paint(['bold', 'green'], 'Countersign runs.')} The environment \`${DEMO.environment}\` was ${done}.`,
    '',
    ...table,
    '',
    `Next: ${wallet ? `open ${paint('bold', wallet.url)}, or ` : ''}${paint('bold', 'npm run tour')} in another terminal. Ctrl-C or ${paint('bold', 'npm stop')} ends ${wallet ? 'both' : 'the service'}.`,
  ].join('\n')
}

await runCommand(main)
