// Chooses the folder for temporary data.
import { existsSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'

/** The folder of a file system in memory on Linux. */
const MEMORY_FOLDER = '/dev/shm'
/** The type of a file system in memory (TMPFS_MAGIC in Linux' magic.h). */
export const MEMORY_TYPE = 0x01021994

/**
 * Returns a folder for temporary data of a size. It is in memory if there is enough, because every answer of an
 * object waits until its writes are on disk. This changes the speed of a run, not its result.
 */
export function scratchFor(bytes: number): string {
  if (process.env.TMPDIR || !existsSync(MEMORY_FOLDER) || freemem() < bytes) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER)
  return bavail * bsize < bytes ? tmpdir() : MEMORY_FOLDER
}
