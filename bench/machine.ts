// The machine: what it is, and how much of its processor other processes take. Linux only.
import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, cpus, release, totalmem } from 'node:os'
import { ROOT } from '../scripts/variables.ts'

const TICKS_PER_SECOND = 100
const OTHERS = ['autocannon', 'better-auth', 'oidc-provider']

/** The head of a report. */
export interface Machine {
  processor: string
  cores: number
  memoryGiB: number
  kernel: string
  node: string
  workerd: string
  /** The programs of others, with their versions. */
  others: string
  commit: string
  date: string
}

/** Describes this machine and the versions of the programs. */
export function describeMachine(): Machine {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim()
  const versionIn = (folder: string): string =>
    JSON.parse(readFileSync(`${ROOT}${folder}/package.json`, 'utf8')).version
  return {
    processor: cpus()[0]?.model ?? 'unknown',
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.versions.node,
    workerd: versionIn('node_modules/workerd'),
    others: OTHERS.map((name) => `${name} ${versionIn(`bench/node_modules/${name}`)}`).join(', '),
    commit:
      git('rev-parse', '--short', 'HEAD') + (git('status', '--porcelain') ? ' with changes' : ''),
    date: new Date().toISOString().slice(0, 10),
  }
}

/** The time that the processor has spent, in seconds. */
export interface Cpu {
  at: number
  /** By all processes, and by a hypervisor for other machines. */
  all: number
  /** By this process and those that it started. */
  own: number
}

/** Reads the times of the processor. */
export function readCpu(): Cpu {
  const [total = ''] = readFileSync('/proc/stat', 'utf8').split('\n')
  // proc(5): user nice system idle iowait irq softirq steal.
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = total
    .split(/\s+/)
    .slice(1)
    .map(Number)
  const all = (user + nice + system + irq + softirq + steal) / TICKS_PER_SECOND
  const own = treeOf(process.pid).reduce((sum, { ticks }) => sum + ticks, 0) / TICKS_PER_SECOND
  return { at: performance.now() / 1000, all, own }
}

/** Returns the share of the processor that other processes took between two readings, from 0 to 1. */
export function busyBetween(before: Cpu, after: Cpu): number {
  const others = after.all - before.all - (after.own - before.own)
  return Math.max(0, others / (after.at - before.at) / availableParallelism())
}

/** Returns the seconds that a process and its threads have used. */
export const secondsOf = (pid: number): number => (readStat(pid)?.ticks ?? 0) / TICKS_PER_SECOND

/** Returns the resident memory of a process in MiB. */
export function residentMiB(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]) / 1024
}

interface Stat {
  pid: number
  parent: number
  /** Of the process, and of its ended children. */
  ticks: number
}

function readStat(pid: number): Stat | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // proc(5): the name, in parentheses, may hold anything; ppid is the 4th field, utime to cstime the 14th to 17th.
    const fields = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .map(Number)
    const ticks = fields.slice(11, 15).reduce((sum, number) => sum + number, 0)
    return { pid, parent: fields[1] ?? 0, ticks }
  } catch {
    return undefined
  }
}

function treeOf(root: number): Stat[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readStat(Number(name)))
    .filter((stat) => stat !== undefined)
  const tree = all.filter(({ pid }) => pid === root)
  for (const { pid } of tree) tree.push(...all.filter(({ parent }) => parent === pid))
  return tree
}
