// As whom the commands of this machine set the service up: by OPERATOR_KEY, and once operators guard
// themselves, by a key for automation that an earlier start made and keeps in the state folder.
import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { type CountersignClient, reasonOf } from '../client/index.ts'
import { operatorClient } from './provision.ts'
import { Complaint } from './terminal.ts'
import { FILE_MODE, readEnvFile } from './variables.ts'

const FILE = 'operator.env'
const HEAD = `# Written by \`npm start\`: a key for automation, with which the next start sets up what is missing. Keep it to yourself.\n`

/**
 * The operators' client with which to set things up.
 *
 * @param state the folder in which the key for automation is kept
 * @throws Complaint where a step-up would be needed and no key for automation was made before
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
  // On a service that is not this machine's alone, the first key ends with the first named operator.
  const self = await first.operator.self.query().catch((error) => {
    if (kept && reasonOf(error)?.reason === 'unauthenticated') return undefined
    throw error
  })
  if (kept && (!self || self.guarded)) return kept
  if (self?.guarded)
    throw new Complaint(
      `Operators guard themselves here, and ${file} holds no key for automation that is good: sign in at ${url}/console, make one there, and write it into that file as AUTOMATION_KEY='…'.`,
    )
  return first
}

/** Creates the automation key with which later starts set things up, unless it exists. */
export async function keepAutomationKey(
  operator: CountersignClient,
  url: string,
  state: string,
): Promise<void> {
  const file = join(resolve(state), FILE)
  if (await keptKey(url, file)) return
  // A name is given once, also where the folder was lost in which the key was kept.
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
