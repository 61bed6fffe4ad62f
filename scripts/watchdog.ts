// Cleans up after a process that was killed and could not do so itself. The watchdog is a process of its own:
// it notices the end of the one that started it by a pipe that closes, kills the processes it guards and
// removes a folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { argv, execPath, stdin } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Watchdog {
  /**
   * Guards a process, or with a negative id a process group. Nothing is guarded where there is no id.
   *
   * @returns how to end that
   */
  guard(pid: number | undefined): () => void
  /** Ends the watchdog, after everything was cleaned up. */
  dismiss(): Promise<void>
}

/**
 * Starts a watchdog.
 *
 * @param folder what it removes, if anything
 * @example
 * const watchdog = startWatchdog(folder)
 * const release = watchdog.guard(child.pid)
 */
export function startWatchdog(folder = ''): Watchdog {
  const child = spawn(execPath, [fileURLToPath(import.meta.url), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C at a terminal goes to the whole process group; the watchdog must outlive it.
    detached: true,
  })
  const ended = once(child, 'exit')
  // Without its watchdog, or after the watchdog was killed, the process goes on.
  ended.catch(() => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  const guarded = new Set<number>()
  const tell = () => child.stdin.write(`${[...guarded].join(' ')}\n`)
  return {
    guard(pid) {
      if (pid === undefined) return () => undefined
      guarded.add(pid)
      tell()
      return () => {
        if (guarded.delete(pid)) tell()
      }
    },
    async dismiss() {
      child.stdin.end('\n')
      child.ref()
      await ended.catch(() => undefined)
    },
  }
}

let shared: Watchdog | undefined
const guards = new Set<() => void>()

/**
 * Guards a process, or with a negative id a process group, by the one watchdog of this process. It runs while it
 * guards anything.
 *
 * @returns how to end that, once the process has ended
 * @example
 * const release = guardProcess(-child.pid)
 * await release()
 */
export function guardProcess(pid: number | undefined): () => Promise<void> {
  shared ??= startWatchdog()
  const watchdog = shared
  const release = watchdog.guard(pid)
  guards.add(release)
  return async () => {
    release()
    if (!guards.delete(release) || guards.size > 0) return
    shared = undefined
    await watchdog.dismiss()
  }
}

async function watch(folder: string): Promise<void> {
  let guarded = ''
  for await (const line of createInterface({ input: stdin })) guarded = line
  for (const pid of guarded.split(' ').map(Number)) kill(pid)
  if (folder) rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}

function kill(pid: number): void {
  try {
    // 0 is this process's own group.
    if (pid !== 0) process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended already.
  }
}

const [, , folder = ''] = argv
if (import.meta.main) await watch(folder)
