// Runs the project's commands as a terminal does, and finds their processes.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync } from 'node:fs'

/** A command that was started: what it said so far, and how it ended. */
export interface Running {
  child: ChildProcess
  output: () => string
  /** Waits for a sentence; fails where the command ends without it. */
  said(sentence: string): Promise<void>
  /** The exit code. */
  ended: Promise<number | null>
}

/**
 * Runs one of the project's scripts with nothing of the tests' own environment but the path.
 *
 * @example const { ended } = runScript('start', ['--help'])
 */
export const runScript = (
  name: string,
  args: string[] = [],
  variables: Record<string, string> = {},
): Running => run(process.execPath, [`scripts/${name}.ts`, ...args], variables)

/** Runs one of the project's scripts by npm. */
export const runNpm = (name: string, args: string[], variables: Record<string, string>): Running =>
  run('npm', ['run', name, '--', ...args], variables)

function run(program: string, args: string[], variables: Record<string, string>): Running {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(program, args, {
    env: { PATH, HOME, ...variables },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (more: string) => {
      text += more
    })
  }
  const ended = once(child, 'close').then(([code]) => code)
  const said = async (sentence: string) => {
    for (let over = false; !text.includes(sentence); ) {
      if (over) throw new Error(`ended without saying "${sentence}":\n${text}`)
      over = await Promise.race([
        ended.then(() => true),
        once(child.stdout, 'data').then(() => false),
      ])
    }
  }
  return { child, output: () => text, said, ended }
}

/** A process of this machine, as Linux reports it. */
export interface Process {
  pid: number
  command: string
}

/** The living processes that have a variable of a value in their environment. Linux only. */
export function processesWith(name: string, value: string): Process[] {
  return allProcesses().filter(({ pid }) =>
    readProcess(pid, 'environ').split('\0').includes(`${name}=${value}`),
  )
}

/** Every process with its command line, as every user of the machine can read it. */
export const allProcesses = (): Process[] =>
  readdirSync('/proc')
    .filter((entry) => /^\d+$/.test(entry))
    .map((entry) => ({ pid: Number(entry), command: readProcess(Number(entry), 'cmdline') }))

function readProcess(pid: number, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return ''
  }
}
