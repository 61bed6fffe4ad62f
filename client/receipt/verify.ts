// Verifies a receipt: its signature, its chain up to the checkpoint, its events, the signature of the passkey, and the
// details. Says what that proves.
import type { JSONWebKeySet } from 'jose'
import type { Receipt } from '../../contract/receipt.ts'
import { canonical } from '../../contract/shared/details.ts'
import {
  CHECKPOINT_TYPE,
  DETAILS_HASH_TAG,
  EVENT_HASH_TAG,
  RECEIPT_TYPE,
} from '../../contract/shared/receipt.ts'
import { isRecord } from '../../contract/shared/wire.ts'
import {
  fromBase64Url,
  fromHex,
  hashParts,
  readSigned,
  sha256,
  toBase64Url,
  toHex,
  utf8,
} from './bytes.ts'
import { originOf } from './passkey.ts'

/** Why a receipt proves nothing. */
const FAULTS = {
  form: 'This is not a receipt.',
  signature: 'None of these keys signed this receipt as it is.',
  checkpoint: 'The checkpoint is not of this chain, or none of these keys signed it.',
  chain: 'The events do not form a chain that ends at the checkpoint.',
  events: 'The events do not record what the receipt says.',
  credential: 'The passkey did not sign what the receipt says.',
  details: 'The receipt is about other details.',
} as const

export type ReceiptFault = keyof typeof FAULTS

/**
 * What a receipt proves.
 *
 * `signedBy` is `credential` if the receipt has the signature of the passkey, and `environment` if all rests on the
 * word of the environment. `details` says whether the given details were compared with the signed hash.
 */
export type ReceiptVerdict =
  | {
      valid: true
      iss: string
      sub: string
      jti: string
      signedBy: 'credential' | 'environment'
      details: 'matched' | 'not_checked' | 'none'
      says: string[]
    }
  | { valid: false; fault: ReceiptFault; message: string }

class Fault extends Error {
  readonly fault: ReceiptFault
  constructor(fault: ReceiptFault) {
    super(FAULTS[fault])
    this.fault = fault
  }
}

/**
 * Verifies a receipt offline. Never throws for a receipt that does not hold.
 *
 * @param receipt the receipt as it was parsed from JSON
 * @param options.jwks the receipt keys of the environment, from `/{environment}/receipts/jwks.json`. They decide whose
 *   receipt is accepted, so take them from a service that you trust.
 * @param options.details the details that the receipt must be about
 * @example const verdict = await verifyReceipt(JSON.parse(file), { jwks, details: { order: 'o-17', amount: 25 } })
 */
export async function verifyReceipt(
  receipt: unknown,
  { jwks, details }: { jwks: JSONWebKeySet; details?: Record<string, unknown> | undefined },
): Promise<ReceiptVerdict> {
  try {
    return await judge(await readReceipt(receipt, jwks), jwks, details)
  } catch (cause) {
    const fault = cause instanceof Fault ? cause.fault : 'form'
    return { valid: false, fault, message: FAULTS[fault] }
  }
}

async function judge(
  receipt: Receipt,
  jwks: JSONWebKeySet,
  given: Record<string, unknown> | undefined,
): Promise<ReceiptVerdict> {
  await checkChain(receipt, jwks)
  checkEvents(receipt)
  const passkey = receipt.proofs[0]?.passkey
  const origin =
    passkey && ((await originOf(passkey, receipt).catch(() => undefined)) ?? fail('credential'))
  const details = await compareDetails(receipt, given)
  const { iss, sub, token } = receipt
  return {
    ...{ valid: true, iss, sub, jti: token.jti, details },
    signedBy: passkey ? 'credential' : 'environment',
    says: wordsOf(receipt, details, origin),
  }
}

const fail = (fault: ReceiptFault): never => {
  throw new Fault(fault)
}

/** Verifies the signature, and returns the receipt as it was signed. */
async function readReceipt(value: unknown, jwks: JSONWebKeySet): Promise<Receipt> {
  if (!isRecord(value) || value.v !== 1) return fail('form')
  const { signature, ...signed } = value
  const [, header, tail] = /^([\w-]+)\.\.([\w-]+)$/.exec(String(signature)) ?? fail('form')
  const jws = `${header}.${toBase64Url(utf8(canonical(signed)))}.${tail}`
  const text = await readSigned(jws, jwks, RECEIPT_TYPE).catch(() => fail('signature'))
  return JSON.parse(text)
}

type Event = Receipt['chain']['events'][number]

async function checkChain({ iss, sub, chain }: Receipt, jwks: JSONWebKeySet): Promise<void> {
  const { events, digests, checkpoint } = chain
  const claims: unknown = await readSigned(checkpoint, jwks, CHECKPOINT_TYPE)
    .then(JSON.parse)
    .catch(() => fail('checkpoint'))
  if (!isRecord(claims) || claims.iss !== iss || claims.sub !== sub) fail('checkpoint')
  const [issued = fail('chain'), consumed] = events
  let head = await link(issued.previous, await digestOf(issued))
  if (head !== issued.hash) fail('chain')
  for (const digest of digests) head = await link(head, fromHex(digest))
  if (consumed) {
    if (consumed.previous !== head || consumed.seq !== issued.seq + digests.length + 1)
      fail('chain')
    head = await link(head, await digestOf(consumed))
    if (head !== consumed.hash) fail('chain')
  }
  const last = consumed ?? issued
  const { position, head: signed } = claims as { position?: unknown; head?: unknown }
  const isWhole = events.length === (consumed ? 2 : 1) && (consumed || digests.length === 0)
  if (!isWhole || position !== last.seq || signed !== head) fail('chain')
}

const digestOf = ({ seq, at, type, actor, data, salt }: Event) =>
  sha256(utf8(canonical({ seq, at, type, actor, data })), fromHex(salt))

const link = async (previous: string, digest: Awaited<ReturnType<typeof digestOf>>) =>
  toHex(await sha256(utf8(EVENT_HASH_TAG), fromHex(previous), digest))

/** Makes sure that the events record the same token, proof and consumption as the receipt. */
function checkEvents({ token, proofs, consumed, chain }: Receipt): void {
  const [issued, used] = chain.events
  const { jti, kind, scopes, singleUse, jkt, issuedAt } = token
  const [{ passkey: _, ...proof } = fail('events')] = proofs
  const { tokens, country: _country, ...recorded } = issued?.data ?? {}
  const listed = (tokens as { jti?: unknown; detailsHash?: unknown }[]).find(
    (one) => one.jti === jti,
  )
  const { detailsHash: _hash, ...about } = listed ?? {}
  const holds =
    issued?.type === 'step_up.passed' &&
    issued.at === issuedAt &&
    isSame(about, { jti, kind, scopes, singleUse, ...(jkt && { jkt }) }) &&
    isSame(recorded, proof) &&
    isSame(consumed, used && { at: used.at, by: used.actor, position: used.seq }) &&
    (!used || used.data.jti === jti)
  if (!holds) fail('events')
}

const isSame = (one: unknown, other: unknown): boolean => canonical([one]) === canonical([other])

async function compareDetails(
  { details }: Receipt,
  given: Record<string, unknown> | undefined,
): Promise<'matched' | 'not_checked' | 'none'> {
  if (!given) return details ? 'not_checked' : 'none'
  if (!details) return fail('details')
  const parts = [utf8(DETAILS_HASH_TAG), utf8(details.action), fromBase64Url(details.salt)]
  const hash = await hashParts(...parts, utf8(canonical(given)))
  return toBase64Url(hash) === details.hash ? 'matched' : fail('details')
}

const timeOf = (seconds: number): string => new Date(seconds * 1000).toISOString()

function wordsOf(
  { iss, sub, iat, token, proofs, details, consumed, chain }: Receipt,
  compared: 'matched' | 'not_checked' | 'none',
  origin: string | undefined,
): string[] {
  const [proof] = proofs
  const about = {
    matched: 'exactly these details for ',
    not_checked: `the hash ${details?.hash} of the details for `,
    none: '',
  }[compared]
  const what = `${about}${token.actions.join(', ') || 'any action'}`
  const [issued, used] = chain.events
  const once = token.singleUse ? 'was consumed once, at' : 'was first used at'
  return [
    proof?.passkey
      ? `The passkey ${proof.passkey.credentialId} signed ${what}, on a page of ${origin}.`
      : `${iss} states that ${sub} verified with ${proof?.method} for ${what}.`,
    `${iss} states that this was a step-up of ${sub} at ${timeOf(token.issuedAt)}, at level ${proof?.acr}.`,
    consumed
      ? `${iss} states that the token ${token.jti} ${once} ${timeOf(consumed.at)} by ${consumed.by}.`
      : `The token ${token.jti} had not been consumed when the receipt was made, at ${timeOf(iat)}.`,
    used
      ? `The chain of events contains both events, at positions ${issued?.seq} and ${used.seq}.`
      : `The chain of events contains the event, at position ${issued?.seq}.`,
  ]
}
