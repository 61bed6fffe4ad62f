// Running the fuzzing: some processes of workerd, each with its share of the doors, and what they tell.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import type { Plan } from '../../test/fuzz/run.ts'
import type { Tally } from '../../test/fuzz/tally.ts'
import { readWorker } from '../prove/config.ts'
import { scratchFor } from '../scratch.ts'
import { Complaint } from '../terminal.ts'
import { bundle, configure } from './bundle.ts'

const MOST_PROCESSES = 2
/** An object that was called stays open, with its files, until its process ends: none may have too many. */
const CALLS_OF_A_DOOR_TO_PART = 5_000
const PARTS = 12
/** Longer than any call may take, and than any round of calls. */
const SILENT_SECONDS = 120
/** Measured: what the objects of all doors take up, with 50,000 calls at each. */
const SCRATCH_BYTES = 6_000_000_000
const END_CHARACTERS = 3_000

export interface Told {
  /** Called when a door is begun, and now and then. */
  going: (door: string, calls: number) => void
  counted: (tally: Tally) => void
}

interface Line {
  door?: string
  calls?: number
  tally?: Tally
  broken?: string
  finished?: number
}

/**
 * Fuzzes all doors of a plan.
 *
 * @throws Complaint where a process ends by itself or says nothing for too long: then a call hangs
 */
export async function fuzzAll(plan: Plan, signal: AbortSignal, told: Told): Promise<void> {
  const folder = mkdtempSync(join(scratchFor(SCRATCH_BYTES), 'countersign-fuzz-'))
  try {
    const [worker] = await Promise.all([readWorker(), bundle(folder)])
    const processes = Math.min(MOST_PROCESSES, availableParallelism())
    const of = plan.runs > CALLS_OF_A_DOOR_TO_PART ? PARTS : processes
    const ended = new AbortController()
    let next = 0
    const work = async () => {
      while (next < of) {
        const which = next++
        const config = configure(folder, worker, { ...plan, share: { of, which } }, `part-${which}`)
        await runOne(config, AbortSignal.any([signal, ended.signal]), told)
      }
    }
    const all = Array.from({ length: processes }, work)
    await Promise.all(all).catch(async (error) => {
      ended.abort(error)
      await Promise.allSettled(all)
      throw error
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function runOne(config: string, signal: AbortSignal, told: Told): Promise<void> {
  const { default: program }: { default: string } = createRequire(import.meta.url)('workerd')
  const child = spawn(program, ['test', '--experimental', config], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const kill = () => child.kill('SIGKILL')
  process.once('exit', kill)
  signal.addEventListener('abort', kill)
  const watch = watchdog(kill)
  let door = 'the beginning'
  let finished = false
  let end = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    end = (end + text).slice(-END_CHARACTERS)
  })
  createInterface({ input: child.stdout }).on('line', (text) => {
    watch.heard()
    const line = parse(text)
    if (line?.door) {
      door = line.door
      told.going(door, line.calls ?? 0)
    }
    if (line?.broken) end = `${end}\n${line.broken}`
    if (line?.tally) told.counted(line.tally)
    finished ||= line?.finished !== undefined
  })
  try {
    await once(child, 'close')
  } finally {
    watch.stop()
    signal.removeEventListener('abort', kill)
    process.off('exit', kill)
  }
  signal.throwIfAborted()
  if (watch.silent()) throw new Complaint(`Nothing moves at: ${door}. A call hangs.`)
  if (!finished) throw new Complaint(`The fuzzing broke off at: ${door}.\n\n${end}`)
}

/** Ends what says nothing for too long. */
function watchdog(kill: () => void) {
  let heardAt = Date.now()
  let silent = false
  const timer = setInterval(() => {
    silent = Date.now() - heardAt > SILENT_SECONDS * 1000
    if (silent) kill()
  }, 1000)
  return {
    heard: () => {
      heardAt = Date.now()
    },
    silent: () => silent,
    stop: () => clearInterval(timer),
  }
}

function parse(text: string): Line | undefined {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
