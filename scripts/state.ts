// The state folder: made where it is missing, and private to its user. It holds settings, labels, histories and
// keys of a local run.
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
/** Each is in every state folder that was used: our log, and the folder in which workerd's stores are. */
const SIGNS_OF_USE = [LOG, 'v3']
const FOLDER_MODE = 0o700

const CAUSES: Record<string, string> = {
  ENOTDIR: 'a part of the path is a file',
  EEXIST: 'it is a file',
  ENOENT: 'no folder can be made there',
  EACCES: 'you lack the permission',
  EPERM: 'you lack the permission',
  EROFS: 'the file system is read-only',
  ENAMETOOLONG: 'the name is too long',
  ELOOP: 'its links lead in a circle',
}

/**
 * Makes the state folder where it is missing, and takes the permissions of others away.
 *
 * @returns its absolute path
 * @throws Complaint where the folder cannot be used
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

/** Makes a folder and those above it. The recursive `mkdir` of Node never returns below /proc. */
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
  // Somebody else may need a folder that was not made for this, such as /tmp.
  if (entries.length > 0 && !SIGNS_OF_USE.some((name) => entries.includes(name)))
    throw unusable(folder, 'it holds other files, and others can read it')
  chmodSync(folder, FOLDER_MODE)
}

const unusable = (folder: string, cause: string): Complaint =>
  new Complaint(
    `The state folder ${folder} cannot be used: ${cause}. Name another folder with --state.`,
  )
