// The cases in conformance/vectors.json, which verifiers of other authors are held against, with our own code: on Node,
// where most APIs run, and in workerd.
import type { JSONWebKeySet } from 'jose'
import { describe, expect, it } from 'vitest'
import { verifyReceipt } from '../../client/receipt.ts'
import { GuardRefusal } from '../../client/resource/answers.ts'
import { bindDetails as bindForGuard } from '../../client/resource/details.ts'
import { importKeys } from '../../client/resource/jws.ts'
import { checkUse, type Use } from '../../client/resource/use.ts'
import { verifyToken } from '../../client/resource/verify.ts'
import type { Details } from '../../contract/index.ts'
import { canonical } from '../../contract/shared/details.ts'
import { type DpopUse, verifyDpop } from '../../contract/shared/dpop.ts'
import { fromBase64Url, toBase64Url } from '../../functions/domain/bytes.ts'
import { bindDetails, commitTo } from '../../functions/domain/details/details.ts'
import { type ChainName, readCheckpoint } from '../../functions/domain/history/checkpoint.ts'
import { Refused } from '../../functions/domain/refusal.ts'
import { type Statement, webauthnChallengeOf } from '../../functions/domain/tokens/challenge.ts'

interface Vector {
  kind: string
  name: string
  input: never
  now: number
  expect: { verdict: string; reason: string | null }
}
interface Vectors {
  keys: { tokens: { keys: Record<string, unknown>[] }; receipts: JSONWebKeySet }
  vectors: Vector[]
}
// As text, because Vite's own reader refuses the surrogates that some cases have alone.
const [load] = Object.values(
  import.meta.glob('../../conformance/vectors.json', { query: '?raw', import: 'default' }),
)
const file: Vectors = JSON.parse(String(await load?.()))

interface TokenInput {
  token: string
  issuer: string
  audience: string
  rule: Use['rule']
  use: { action: string; subject: string; sessionId?: string; details?: Record<string, unknown> }
}
const tokenKeys = await importKeys(file.keys.tokens.keys)

async function token({ token, issuer, audience, rule, use }: TokenInput, now: number) {
  const verified = await verifyToken(
    token,
    async () => tokenKeys,
    issuer,
    () => now,
  )
  const details = use.details && bindForGuard(use.details, use.action)
  checkUse(verified, { ...use, rule, details, issuer, audience, now })
  return null
}

async function proof({ proof, ...call }: Omit<DpopUse, 'now'> & { proof: string }, now: number) {
  const verified = await verifyDpop(proof, { ...call, now })
  return 'fault' in verified ? verified.fault : null
}

async function receipt(input: { receipt: unknown; details?: Record<string, unknown> }) {
  const { receipts: jwks } = file.keys
  const verdict = await verifyReceipt(input.receipt, { jwks, details: input.details })
  return verdict.valid ? null : verdict.fault
}

const checkpoint = (input: { checkpoint: string; chain: ChainName }) =>
  readCheckpoint(input.checkpoint, input.chain, file.keys.receipts).then(
    () => null,
    () => 'checkpoint',
  )

interface DetailsInput {
  action: string
  salt: string
  details: Details
  text: string
  hash: string
}
async function details({ action, salt, details, text, hash }: DetailsInput) {
  bindDetails(details, action)
  if (canonical(details) !== text) return 'canonical'
  const own = commitTo(details, action, fromBase64Url(salt) ?? new Uint8Array())
  return toBase64Url(own) === hash ? null : 'hash'
}

const statement = async (input: { statement: Statement; challenge: string }) =>
  webauthnChallengeOf(input.statement) === input.challenge ? null : 'challenge'

const VERIFIERS: Record<string, (input: never, now: number) => Promise<string | null>> = {
  token,
  proof,
  receipt,
  checkpoint,
  details,
  statement,
}

function reasonOfRefusal(error: unknown): string {
  if (error instanceof Refused) return error.refusal.reason
  return error instanceof GuardRefusal ? error.reason : `${error}`
}

describe('conformance/vectors.json', () => {
  it.each(file.vectors)('decides as our own code does: $kind, $name', async (vector) => {
    const verify = VERIFIERS[vector.kind]
    if (!verify) throw new Error(`no verifier for ${vector.kind}`)
    const reason = await verify(vector.input, vector.now).catch(reasonOfRefusal)
    expect({ verdict: reason === null ? 'valid' : 'invalid', reason }).toEqual(vector.expect)
  })

  it('has enough cases of every kind, each with a name of its own', () => {
    const count = (kind: string) => file.vectors.filter((one) => one.kind === kind).length
    expect(Object.keys(VERIFIERS).filter((kind) => count(kind) < 15)).toEqual([])
    expect(count('proof')).toBeGreaterThanOrEqual(60)
    const names = file.vectors.map(({ kind, name }) => `${kind}: ${name}`)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})
