// `npm start`: the service on this machine, with the demo environment set up in it, until Ctrl-C.
// How its processes are started and ended stands in service.ts.
import { once } from 'node:events'
import { resolve } from 'node:path'
import {
  DEMO,
  demoSettings,
  operatorClient,
  pageOf,
  provisionDemo,
  readDemoIssuer,
} from './demo.ts'
import { choosePort } from './ports.ts'
import { DEFAULT_STATE, type Service, startService } from './service.ts'
import { interruption, paint, readOptions, runCommand } from './terminal.ts'
import { completeVariables, readVariables, variablesFile } from './variables.ts'

const HELP = `Starts Countersign on this machine, with a demo environment to try it on.

  npm start -- [--port N] [--state DIR] [--verbose]

  --port N      listen on port N (8787, or the next free one)
  --state DIR   keep what is stored in DIR (.wrangler/state)
  --verbose     show what wrangler and the Worker say`

async function main(): Promise<number> {
  const options = readOptions(
    { port: { type: 'string' }, state: { type: 'string' }, verbose: { type: 'boolean' } },
    HELP,
  )
  if (!options) return 0
  const { state = DEFAULT_STATE, verbose = false } = options
  const { port, remark } = await choosePort(options.port)
  if (remark) console.log(paint('yellow', remark))

  const file = variablesFile()
  const written = await completeVariables(file)
  if (written.length > 0)
    console.log(`Random values for ${written.join(', ')} were written to ${file}.`)
  const variables = readVariables(file, ['ROOT_SECRET', 'OPERATOR_KEY', 'DEMO_ISSUER_KEY'])
  const issuer = await readDemoIssuer(variables.DEMO_ISSUER_KEY)

  const interrupted = once(interruption(), 'abort')
  console.log('Starting the Worker …')
  const service = await startService({ port, state, variables, verbose })
  const serve = async (): Promise<never> => {
    await service.ready
    const wanted = demoSettings(pageOf(service.url, service.publicUrl), issuer.publicJwk)
    const done = await provisionDemo(operatorClient(service.url, variables.OPERATOR_KEY), wanted)
    console.log(describe(service, done, { state: resolve(state), file }))
    return service.died
  }
  try {
    await Promise.race([interrupted, serve()])
    console.log('\nEnding the Worker …')
    return 0
  } finally {
    await service.stop()
  }
}

function describe(
  { url, publicUrl, log }: Service,
  done: string,
  { state, file }: { state: string; file: string },
): string {
  const demo = `${url}/${DEMO.environment}`
  const key = process.env.OPERATOR_KEY ? 'the variable OPERATOR_KEY' : `OPERATOR_KEY in ${file}`
  const rows = [
    ['service', url],
    ...(publicUrl === url ? [] : [['issuer', publicUrl]]),
    ['health', `${url}/health`],
    ['demo metadata', `${demo}/.well-known/oauth-authorization-server`],
    ['demo key set', `${demo}/.well-known/jwks.json`],
    ['operator calls', `${url}/operator/trpc`],
    ['operator key', key],
    ['state', state],
    ['log', log],
  ]
  const table = rows.map(([name = '', value = '']) => `  ${name.padEnd(16)}${paint('cyan', value)}`)
  return [
    '',
    `${paint(['bold', 'green'], 'Countersign runs.')} The environment \`${DEMO.environment}\` was ${done}.`,
    '',
    ...table,
    '',
    `Next: ${paint('bold', 'npm run tour')} in another terminal. Ctrl-C ends the service.`,
  ].join('\n')
}

await runCommand(main)
