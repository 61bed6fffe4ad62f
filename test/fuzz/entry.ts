// The fuzzing as `workerd test` runs it: the Worker, its objects and the fuzzing in one bundle and one
// isolate, without any server. What is tried is said in FUZZ; each line that is told is JSON.
import worker, {
  Counts,
  Directory as RealDirectory,
  Environment as RealEnvironment,
  Subject as RealSubject,
} from '../../functions/worker.ts'
import { assetsOf, contextOf } from './inside.ts'
import { type Lab, type Place, perform, type Task } from './lab.ts'
import { doorsOf, fuzz, type Plan } from './run.ts'

export { Counts }

export class Subject extends RealSubject {
  perform(task: Task): string {
    return perform(this.ctx.storage, 'subject', task)
  }
}
export class Environment extends RealEnvironment {
  perform(task: Task): string {
    return perform(this.ctx.storage, 'environment', task)
  }
}
export class Directory extends RealDirectory {
  perform(task: Task): string {
    return perform(this.ctx.storage, 'directory', task)
  }
}

const TOLD_EVERY_MILLISECONDS = 2_000

type Performing = { perform(task: Task): Promise<string> }

/** What `workerd test` calls. */
export default {
  async test(_controller: unknown, env: Env & { FUZZ: string }): Promise<void> {
    const { log } = console
    const tell = (line: unknown) => log(JSON.stringify(line))
    const bindings: Env = { ...env, ASSETS: assetsOf() }
    const stubOf = ({ kind, name }: Place): Performing => {
      const namespaces = {
        subject: env.SUBJECT,
        environment: env.ENVIRONMENT,
        directory: env.DIRECTORY,
      }
      return namespaces[kind].getByName(name) as unknown as Performing
    }
    const lab: Lab = {
      env: bindings,
      fetch: async (request) => worker.fetch(request, bindings, contextOf()),
      inside: (place, task) => stubOf(place).perform(task),
    }
    const plan: Plan = JSON.parse(env.FUZZ)
    let heardAt = 0
    const going = (door: string, calls: number) => {
      if (calls > 0 && performance.now() - heardAt < TOLD_EVERY_MILLISECONDS) return
      heardAt = performance.now()
      tell({ door, calls })
    }
    try {
      await fuzz(lab, plan, { going, told: (tally) => tell({ tally }) })
      tell({ finished: doorsOf(plan).length })
    } catch (error) {
      tell({ broken: describe(error) })
    }
  },
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const { cause } = error
  return cause ? `${error.message}: ${describe(cause)}` : (error.stack ?? error.message)
}
