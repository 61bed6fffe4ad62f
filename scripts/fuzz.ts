// `npm run fuzz`: test/attacks/fuzz.test.ts with many more calls. What holds of every answer is in
// test/fuzz/holds.ts; this file reads options and ends a run that hangs.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { execPath } from 'node:process'
import { Complaint, interruption, readCount, readOptions, runCommand } from './terminal.ts'
import { ROOT } from './variables.ts'
import { guardProcess } from './watchdog.ts'

const MOST_RUNS = 10_000_000
/** Longer than any call may take, and than any sequence of calls. */
const SILENT_SECONDS = 180

const HELP = `Calls every procedure and every other route with input it was not made for, and checks each answer.

  npm run fuzz -- [--runs N] [--only NAME,NAME] [--seed S] [--path P]

  --runs N      how many sequences of up to 17 calls at each (1000)
  --only NAMES  only these, by the names that are printed
  --seed S      which calls: a number; the same one draws the same calls
  --path P      with --seed and --only: the one failure that was printed with this path

No answer may be a 5xx, each must come in time and in the form of the contract, a good call must be accepted,
and a call that was refused must have changed nothing but what is counted. A failure is printed with the
smallest call that still fails. Everything runs inside workerd: no server, no network. The exit code is 0
when all of that held.`

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
  console.log(`seed ${seed}, ${plan.numRuns} sequences of calls at each`)
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
  if (code === null && isSilent())
    throw new Complaint('Nothing moves: a call hangs at the last endpoint above.')
  return code ?? 1
}

await runCommand(main)
