// Runs the process that loads a service.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { Complaint } from '../scripts/terminal.ts'
import type { Job, Loaded } from './job.ts'

const PROGRAM = fileURLToPath(new URL('programs/load.ts', import.meta.url))

export interface Loader {
  /**
   * Sends the requests of a job, and waits until all are answered.
   *
   * @throws Complaint if an answer is not the expected one
   */
  load(job: Job): Promise<Loaded>
  stop(): unknown
}

/** Starts the process. */
export function startLoader(): Loader {
  const child: ChildProcess = fork(PROGRAM, { serialization: 'advanced' })
  const ended = once(child, 'exit').then(() => Promise.reject(new Complaint('The load ended.')))
  ended.catch(() => undefined)
  return {
    async load(job) {
      const answered = once(child, 'message')
      child.send(job)
      const [loaded] = (await Promise.race([answered, ended])) as [Loaded]
      if (loaded.right === job.requests.length) return loaded
      throw new Complaint(
        `${job.requests.length - loaded.right} of ${job.requests.length} answers of ${job.url}${job.requests[0]?.path} were wrong:\n${loaded.wrong.join('\n')}`,
      )
    },
    stop: () => child.connected && child.disconnect(),
  }
}
