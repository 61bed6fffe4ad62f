// Reads what the system knows of a process: from /proc on Linux, else from `ps`.
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export interface ProcessFacts {
  parent: number
  /** Tells a process from a later one with the same id. */
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
    return { parent: Number(fields[1]), started: `${boot} ${fields[19]}`, command }
  } catch {
    return undefined
  }
}

/** Reads a process with `ps`, as macOS and Linux have it. */
export function readFromPs(pid: number): ProcessFacts | undefined {
  try {
    const text = execFileSync('ps', ['-o', 'stat=,ppid=,lstart=,args=', '-p', String(pid)], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, LC_ALL: 'C', TZ: 'UTC' },
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const [, state = 'Z', parent, started = '', command = ''] =
      /^\s*(\S+)\s+(\d+)\s+(\S+ +\S+ +\d+ +[\d:]+ +\d+)\s+(.*)$/m.exec(text) ?? []
    return state.startsWith('Z') ? undefined : { parent: Number(parent), started, command }
  } catch {
    return undefined
  }
}

/**
 * The processes whose end is to end this one, too: its parent and, where that is the shell in which npm runs a
 * script, npm itself. The shell outlives an npm that is killed, so this process keeps its parent then.
 */
export function callers(): string {
  const parent = process.ppid
  const facts = process.env.npm_lifecycle_event ? readProcess(parent) : undefined
  const isShell = facts !== undefined && /^\S+ -c /.test(facts.command)
  return [parent, ...(isShell ? [facts.parent] : [])].join(' ')
}
