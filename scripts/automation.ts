// The operator client with which the local commands set up the service. It uses OPERATOR_KEY. Once operators have
// factors, it uses an automation key that an earlier start created and stored in the state folder.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type CountersignClient, reasonOf } from '../client/index.ts'
import { operatorClient } from './provision.ts'
import { Complaint } from './terminal.ts'
import { FILE_MODE, readEnvFile } from './variables.ts'

const FILE = 'operator.env'
const HEAD = `# Written by \`npm start\`: the automation key with which the next start sets up the service. Keep it secret.\n`

/**
 * Returns an operator client with which the service can be set up.
 *
 * @param state the folder that stores the automation key
 * @throws Complaint if changes need a step-up and no automation key is stored
 * @example const operator = await setupClient(service.url, operatorKey, state)
 */
export async function setupClient(
  url: string,
  operatorKey: string,
  state: string,
): Promise<CountersignClient> {
  const file = join(resolve(state), FILE)
  const first = operatorClient(url, operatorKey)
  const kept = await keptKey(url, file)
  // On a service that other machines can reach, OPERATOR_KEY ends once a named operator has signed in.
  const self = await first.operator.self.query().catch((error) => {
    if (kept && reasonOf(error)?.reason === 'unauthenticated') return undefined
    throw error
  })
  if (kept && (!self || self.guarded)) return kept
  if (self?.guarded)
    throw new Complaint(
      `Changes need a step-up here, and ${file} has no valid automation key: sign in at ${url}/console, create one, and write it into that file as AUTOMATION_KEY='…'.`,
    )
  return first
}

/** Creates the automation key with which later starts set up the service, unless it exists. */
export async function keepAutomationKey(
  operator: CountersignClient,
  url: string,
  state: string,
): Promise<void> {
  const file = join(resolve(state), FILE)
  if (await keptKey(url, file)) return
  // Operator names cannot be used again, even if the folder with the key was deleted.
  const name = `npm start ${randomBytes(3).toString('hex')}`
  const { key } = await operator.operator.create.mutate({ name, automation: true })
  writeFileSync(file, `${HEAD}AUTOMATION_KEY='${key}'\n`, { mode: FILE_MODE })
}

async function keptKey(url: string, file: string): Promise<CountersignClient | undefined> {
  const { AUTOMATION_KEY: key } = readEnvFile(file)
  if (!key) return undefined
  const client = operatorClient(url, key)
  return client.operator.self.query().then(
    () => client,
    (error) => {
      if (reasonOf(error)) return undefined
      throw error
    },
  )
}
