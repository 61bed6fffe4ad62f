// `npm run fuzz`: runs test/attacks/fuzz.test.ts with many more calls, and ends a run that hangs. test/fuzz/holds.ts
// has the checks of every response.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { Complaint, interruption, readCount, readOptions, runCommand } from './terminal.ts'
import { ROOT } from './variables.ts'
import { guardProcess } from './watchdog.ts'

const MOST_RUNS = 10_000_000
/** Longer than any call and any sequence of calls may take. */
const SILENT_SECONDS = 180

const HELP = `Calls every procedure and every other route with invalid input, and checks each response.

  npm run fuzz -- [--runs N] [--only NAME,NAME] [--seed S] [--path P]

  --runs N      sequences of up to 17 calls for each route (1000)
  --only NAMES  only these routes, by the names that the run prints
  --seed S      a number that selects the calls; the same number repeats the same calls
  --path P      with --seed and --only: only the failure that was printed with this path

No response may be a 5xx. Each must arrive in time and match the contract. A valid call must be accepted, and a
refused call may change only counters. A failure is printed with the smallest call that still fails. Everything
runs inside workerd, without a server or a network. The exit code is 0 if there was no failure.`

const text = { type: 'string' } as const
const OPTIONS = { runs: { ...text, default: '1000' }, only: text, seed: text, path: text }

async function main(): Promise<number> {
  const options = readOptions(OPTIONS, HELP)
  if (!options) return 0
  const seed = options.seed
    ? readCount('seed', options.seed, { least: 0, most: 2 ** 31 - 1 })
    : Math.floor(Math.random() * 2 ** 31)
  const plan = {
    ...{ seed, path: options.path, beat: true },
    numRuns: readCount('runs', options.runs, { most: MOST_RUNS }),
    only: options.only?.split(',').map((name) => name.trim()),
  }
  console.log(`seed ${seed}, ${plan.numRuns} sequences of calls for each route`)
  return runTests(JSON.stringify(plan), interruption())
}

async function runTests(plan: string, signal: AbortSignal): Promise<number> {
  const command = ['node_modules/vitest/vitest.mjs', 'run', '--project=workerd']
  const child = spawn(execPath, [...command, '--reporter=verbose', 'test/attacks/fuzz.test.ts'], {
    ...{ cwd: ROOT, env: { ...process.env, FUZZ: plan }, detached: true },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const release = guardProcess(child.pid && -child.pid)
  const kill = () => child.pid && process.kill(-child.pid, 'SIGKILL')
  signal.addEventListener('abort', kill)
  let heardAt = Date.now()
  child.stdout.on('data', (text) => {
    heardAt = Date.now()
    process.stdout.write(text)
  })
  const isSilent = () => Date.now() - heardAt > SILENT_SECONDS * 1000
  const watch = setInterval(() => isSilent() && kill(), 1000)
  const [code] = await once(child, 'close')
  clearInterval(watch)
  signal.removeEventListener('abort', kill)
  await release()
  signal.throwIfAborted()
  if (code === null && isSilent()) throw new Complaint('The run hangs: see the last route above.')
  return code ?? 1
}

await runCommand(main)
