// Sees to it that a proof leaves nothing behind, however it ends: a process of its own that notices the
// end of the one that started it by a pipe that closes, kills workerd and removes the folder. It is run
// as a program with the folder's name, and told the process to kill line by line.
import { spawn } from 'node:child_process'
import { rmSync } from 'node:fs'
import { argv, execPath, stdin } from 'node:process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

/** What a proof tells its watchdog. */
export interface Watchdog {
  /** Which process to kill; undefined for none. */
  guard(pid: number | undefined): void
  /** Lets it go, after everything was cleaned up. */
  dismiss(): void
}

/**
 * Starts a watchdog over a folder.
 *
 * @example
 * const watchdog = startWatchdog(folder)
 * watchdog.guard(child.pid)
 */
export function startWatchdog(folder: string): Watchdog {
  const child = spawn(execPath, [fileURLToPath(import.meta.url), folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    // Ctrl-C at a terminal goes to the group of the proof: this one is not of it.
    detached: true,
  })
  // Where it cannot be started, or is killed itself, the proof goes on without it.
  child.on('error', () => undefined)
  child.stdin.on('error', () => undefined)
  child.unref()
  return {
    guard: (pid) => void child.stdin.write(`${pid ?? ''}\n`),
    dismiss: () => child.stdin.end('\n'),
  }
}

async function watch(watched: string): Promise<void> {
  let guarded = 0
  for await (const line of createInterface({ input: stdin })) guarded = Number(line)
  try {
    if (guarded > 0) process.kill(guarded, 'SIGKILL')
  } catch {
    // It has ended already.
  }
  rmSync(watched, { recursive: true, force: true, maxRetries: 5 })
}

const [, , folder] = argv
if (import.meta.main && folder) await watch(folder)
