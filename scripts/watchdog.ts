// Cleans up after a process that was killed. The watchdog is a separate process. When the process that started it
// ends, a pipe closes. Then the watchdog kills the processes that it guards, and deletes a folder.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { argv, execPath, stdin } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

export interface Watchdog {
  /**
   * Guards a process, or with a negative id a process group. Does nothing without an id.
   *
   * @returns a function that stops guarding it
   */
  guard(pid: number | undefined): () => void
  /** Ends the watchdog, which deletes its folder and kills no process. */
  dismiss(): Promise<void>
}

/**
 * Starts a watchdog.
 *
 * @param folder the folder to delete, if any
 * @example
 * const watchdog = startWatchdog(folder)
 * const release = watchdog.guard(child.pid)
 */
export function startWatchdog(folder = ''): Watchdog {
  const child = spawn(execPath, [fileURLToPath(import.meta.url), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C in a terminal ends the whole process group, but not the watchdog.
    detached: true,
  })
  const ended = once(child, 'exit')
  // If the watchdog cannot start or is killed, the process continues.
  ended.catch(() => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  const guarded = new Set<number>()
  const sendIds = () => child.stdin.write(`${[...guarded].join(' ')}\n`)
  return {
    guard(pid) {
      if (pid === undefined) return () => undefined
      guarded.add(pid)
      sendIds()
      return () => {
        if (guarded.delete(pid)) sendIds()
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
 * Guards a process, or with a negative id a process group, with the shared watchdog of this process. The watchdog
 * runs while it guards anything.
 *
 * @returns a function that stops guarding it; call it after the process has ended
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
    // 0 would kill the watchdog's own group.
    if (pid !== 0) process.kill(pid, 'SIGKILL')
  } catch {
    // The process has ended already.
  }
}

const [, , folder = ''] = argv
if (import.meta.main) await watch(folder)
