// Reads what the system knows of a process: from /proc on Linux, else from `ps`.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessFacts {
  parent: number
  /** The id of its process group. */
  group: number
  /** Distinguishes a process from a later one with the same id. */
  started: string
  command: string
}

/**
 * Reads a process. Returns undefined where it has ended.
 *
 * @example const isSame = readProcess(pid)?.started === started
 */
export const readProcess = (pid: number): ProcessFacts | undefined =>
  process.platform === 'linux' ? readFromProc(pid) : readFromPs(pid)

function readFromProc(pid: number): ProcessFacts | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name, in parentheses, may hold anything; state is the third field, starttime the 22nd.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    if (fields[0] === 'Z') return undefined
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
    return {
      parent: Number(fields[1]),
      group: Number(fields[2]),
      started: `${boot} ${fields[19]}`,
      command,
    }
  } catch {
    return undefined
  }
}

/** Reads a process with `ps`, as macOS and Linux have it. */
export function readFromPs(pid: number): ProcessFacts | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,ppid=,pgid=,lstart=,args=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [, state = 'Z', parent, group, started = '', command = ''] =
      /^\s*(\S+)\s+(\d+)\s+(\d+)\s+(\S+ +\S+ +\d+ +[\d:]+ +\d+)\s+(.*)$/m.exec(text) ?? []
    return state.startsWith('Z')
      ? undefined
      : { parent: Number(parent), group: Number(group), started, command }
  } catch {
    return undefined
  }
}

/**
 * Returns the ids of the processes whose end is to end this one: its parent and, where that is the shell in which
 * npm runs a script, npm itself. The shell outlives an npm that is killed, so this process keeps its parent then.
 */
export function callers(): number[] {
  const shell = npmShell()
  return shell ? [process.ppid, shell.parent] : [process.ppid]
}

/**
 * Whether the npm that runs this process has ended already. What npm starts is in the process group of npm; a
 * process that lost its parent has one of another group.
 */
export function isLeftByNpm(): boolean {
  if (!process.env.npm_lifecycle_event) return false
  const id = npmShell() ? process.ppid : process.pid
  const own = readProcess(id)
  const parent = own && readProcess(own.parent)
  return parent !== undefined && own?.group !== id && own?.group !== parent.group
}

/** The shell in which npm runs this process, if it does. Some shells become the program that they run. */
function npmShell(): ProcessFacts | undefined {
  const parent = process.env.npm_lifecycle_event ? readProcess(process.ppid) : undefined
  return parent && /^\S+ -c /.test(parent.command) ? parent : undefined
}
