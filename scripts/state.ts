// Opens the state folder: creates it if it is missing, and makes it private. It holds the settings, labels,
// histories and keys of the local service.
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  statSync,
} from 'node:fs'
import { dirname, resolve } from 'node:path'
import { Complaint } from './terminal.ts'
import { ROOT } from './variables.ts'

export const DEFAULT_STATE = `${ROOT}.wrangler/state`
export const LOG = 'countersign.log'
/** Entries of every used state folder: the log, and workerd's storage folder. */
const SIGNS_OF_USE = [LOG, 'v3']
const FOLDER_MODE = 0o700

const CAUSES: Record<string, string> = {
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  ENOENT: 'no folder can be created there',
  EACCES: 'you lack the permission',
  EPERM: 'you lack the permission',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links form a circle',
}

/**
 * Creates the state folder if it is missing, and removes the permissions of other users.
 *
 * @returns its absolute path
 * @throws Complaint if the folder cannot be used
 * @example const folder = openState(DEFAULT_STATE)
 */
export function openState(state: string): string {
  const folder = resolve(state)
  try {
    makeFolder(folder)
    makePrivate(folder)
    accessSync(folder, constants.R_OK | constants.W_OK | constants.X_OK)
    return folder
  } catch (error) {
    if (error instanceof Complaint) throw error
    const code = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw unusable(folder, CAUSES[code] ?? code)
  }
}

/** Creates a folder and its parents. The recursive `mkdir` of Node never returns below /proc. */
function makeFolder(folder: string): void {
  if (existsSync(folder)) return
  makeFolder(dirname(folder))
  mkdirSync(folder, { mode: FOLDER_MODE })
}

function makePrivate(folder: string): void {
  const found = statSync(folder)
  if (!found.isDirectory()) throw unusable(folder, 'it is a file')
  if ((found.mode & 0o777) === FOLDER_MODE) return
  const entries = readdirSync(folder)
  // Other users may need a folder with other files, such as /tmp.
  if (entries.length > 0 && !SIGNS_OF_USE.some((name) => entries.includes(name)))
    throw unusable(folder, 'it contains other files, and other users can read it')
  chmodSync(folder, FOLDER_MODE)
}

const unusable = (folder: string, cause: string): Complaint =>
  new Complaint(
    `The state folder ${folder} cannot be used: ${cause}. Name another folder with --state.`,
  )
