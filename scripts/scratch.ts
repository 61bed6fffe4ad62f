// Where to store what is thrown away afterwards.
import { existsSync, statfsSync } from 'node:fs'
import { freemem, tmpdir } from 'node:os'

/** A file system in memory, on Linux. */
const MEMORY_FOLDER = '/dev/shm'
/** The type of a file system in memory (TMPFS_MAGIC in Linux' magic.h). */
export const MEMORY_TYPE = 0x01021994

/**
 * A folder for so many bytes: in memory where there is plenty, since every answer of an object waits
 * until the disk has what it wrote. That changes how long it takes, and nothing of who is let through.
 */
export function scratchFor(bytes: number): string {
  if (process.env.TMPDIR || !existsSync(MEMORY_FOLDER) || freemem() < bytes) return tmpdir()
  const { bavail, bsize } = statfsSync(MEMORY_FOLDER)
  return bavail * bsize < bytes ? tmpdir() : MEMORY_FOLDER
}
