// Reads information about a process, from /proc on Linux and from `ps` on other systems.
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
 * Reads a process. Returns undefined if it has ended.
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

/** Reads a process with the `ps` of macOS or Linux. */
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
 * Returns the ids of the processes whose end must end this one: its parent, and npm if the parent is the shell in
 * which npm runs a script. If npm is killed, that shell stays alive, so checking only the parent is not enough.
 */
export function callers(): number[] {
  const shell = npmShell()
  return shell ? [process.ppid, shell.parent] : [process.ppid]
}

/**
 * Returns whether the npm that runs this process has ended already. npm starts programs in its own process group.
 * If npm has ended, this process has a new parent of another group.
 */
export function isLeftByNpm(): boolean {
  if (!process.env.npm_lifecycle_event) return false
  const id = npmShell() ? process.ppid : process.pid
  const own = readProcess(id)
  const parent = own && readProcess(own.parent)
  return parent !== undefined && own?.group !== id && own?.group !== parent.group
}

/** Returns the shell in which npm runs this process, if any. Some shells replace themselves with the program. */
function npmShell(): ProcessFacts | undefined {
  const parent = process.env.npm_lifecycle_event ? readProcess(process.ppid) : undefined
  return parent && /^\S+ -c /.test(parent.command) ? parent : undefined
}
