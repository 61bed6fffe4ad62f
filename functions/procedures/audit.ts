// audit.*: the history. A user reads their own. An operator reads that of a user, an environment or the
// directory.
import * as z from 'zod/mini'
import {
  AuditCheckpointInput,
  AuditCheckpointResult,
  AuditInput,
  AuditListResult,
  AuditVerifyInput,
  AuditVerifyResult,
} from '../../contract/index.ts'
import type { OperatorCaller } from '../callers/operator.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds } from '../clock.ts'
import { deriveKey, hashParts, toBase64Url, utf8 } from '../domain/bytes.ts'
import {
  type ChainEnd,
  type ChainName,
  findContradiction,
  readCheckpoint,
  type StoredCheckpoint,
  signCheckpoint,
} from '../domain/history/checkpoint.ts'
import { refuse } from '../domain/refusal.ts'
import { carry, readCarried } from '../domain/tokens/statement.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import {
  directoryObject,
  environmentObject,
  type SubjectObject,
  subjectObject,
} from '../edge/objects.ts'
import { openFor, openOperators } from '../edge/operator-environment.ts'
import type { Bindings } from '../env.ts'
import { calledBy, router } from '../trpc.ts'

export const auditRouter = router({
  list: calledBy('subject', 'operator')
    .input(AuditInput)
    .output(AuditListResult)
    .query(async ({ ctx: { caller, bindings }, input = {} }) => {
      const chain = await chainOf(bindings, caller, input)
      const { events, next } = await chain.object.events(readCursor(chain, 'list', input.cursor))
      return { events, ...(next !== undefined && { cursor: writeCursor(chain, 'list', next) }) }
    }),

  verify: calledBy('subject', 'operator')
    .input(AuditVerifyInput)
    .output(AuditVerifyResult)
    .query(async ({ ctx: { caller, bindings }, input = {} }) => {
      const chain = await chainOf(bindings, caller, input)
      const { checkpoint, cursor } = input
      const since = checkpoint === undefined ? undefined : await readOwn(chain, checkpoint)
      const after = readCursor(chain, 'verify', cursor)
      const { next, checkpoints = [], ...result } = await chain.object.verifyEvents(after, since)
      const brokenAt = await brokenBefore(chain, checkpoints)
      if (brokenAt !== undefined)
        return { ...result, intact: false, brokenAt, ...(since && { since: 'broken' as const }) }
      return {
        ...result,
        ...(next !== undefined && { cursor: writeCursor(chain, 'verify', next) }),
      }
    }),

  checkpoint: calledBy('subject', 'operator')
    .input(AuditCheckpointInput)
    .output(AuditCheckpointResult)
    .query(async ({ ctx: { caller, bindings }, input = {} }) => {
      const chain = await chainOf(bindings, caller, input)
      const { issuer, secrets } = await chain.signer()
      const end = await chain.object.chainEnd()
      const named = { iss: issuer, ...chain.about }
      const key = await secrets().receiptKey()
      const checkpoint = await signCheckpoint(named, end, key, epochSeconds())
      return { checkpoint, position: end.events, head: end.head }
    }),
})

/** A chain of events: its name, the object that stores it, and the key that authenticates its cursors. */
interface Chain {
  name: string[]
  key: Uint8Array
  object: Pick<SubjectObject, 'events' | 'verifyEvents' | 'chainEnd'>
  /** The user or environment that its checkpoints name. Those of the directory name neither. */
  about: Omit<ChainName, 'iss'>
  /** Returns the environment whose receipt key signs its checkpoints. */
  signer: () => LiveEnvironment | Promise<LiveEnvironment>
}

async function chainOf(
  bindings: Bindings,
  caller: SubjectCaller | OperatorCaller,
  input: NonNullable<AuditInput>,
): Promise<Chain> {
  if (caller.kind === 'subject') {
    if (input.environment !== undefined || input.subject !== undefined) {
      refuse('forbidden', {
        message: 'Users can read only their own history: leave out `environment` and `subject`.',
      })
    }
    return {
      name: ['subject', caller.session.subject],
      key: caller.environment.secrets().dataKey,
      object: caller.object,
      about: { sub: caller.session.subject },
      signer: () => caller.environment,
    }
  }
  const { environment: id, subject } = input
  if (id === undefined) {
    if (subject !== undefined)
      refuse('input_invalid', { message: 'Send the `environment` of `subject` too.' })
    const key = deriveKey(utf8(bindings.rootSecret), 'countersign/directory')
    const object = directoryObject(bindings)
    return { name: ['directory'], key, object, about: {}, signer: () => openOperators(bindings) }
  }
  const environment = await openFor(bindings, id)
  const shared = { key: environment.secrets().dataKey, signer: () => environment }
  if (subject === undefined) {
    const object = environmentObject(bindings, id)
    return { ...shared, name: ['environment'], object, about: { environment: id } }
  }
  const object = subjectObject(bindings, id, subject)
  return { ...shared, name: ['subject', subject], object, about: { sub: subject } }
}

/** Returns the end of the chain that one of its checkpoints was signed for. */
async function readOwn(chain: Chain, checkpoint: string): Promise<ChainEnd> {
  const { issuer, secrets } = await chain.signer()
  return readCheckpoint(checkpoint, { iss: issuer, ...chain.about }, secrets().receiptKeySet)
}

/** Returns the first event that a stored checkpoint of the chain contradicts, if any. */
async function brokenBefore(chain: Chain, stored: StoredCheckpoint[]): Promise<number | undefined> {
  if (stored.length === 0) return undefined
  const { issuer, secrets } = await chain.signer()
  return findContradiction(stored, { iss: issuer, ...chain.about }, secrets().receiptKeySet)
}

const Position = z.strictObject({ chain: z.string(), use: z.string(), seq: z.int() })

/** Hashes the name of a chain, so that a cursor does not grow with it. */
const chainHash = ({ name }: Chain): string => toBase64Url(hashParts(...name))

const writeCursor = (chain: Chain, use: string, seq: number): string =>
  carry(chain.key, 'cursor', { chain: chainHash(chain), use, seq })

/** Returns the position in a cursor. Refuses a forged cursor, and one of another chain or procedure. */
function readCursor(chain: Chain, use: string, cursor: string | undefined): number | undefined {
  if (cursor === undefined) return undefined
  const { data } = Position.safeParse(readCarried(chain.key, 'cursor', cursor))
  if (!data || data.use !== use || data.chain !== chainHash(chain)) {
    refuse('input_invalid', {
      message: 'This `cursor` is not valid for this call: start again without a cursor.',
    })
  }
  return data.seq
}
