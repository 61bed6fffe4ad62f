// Receipts: what the Subject object stores of a step-up for each token that it issued, and the signed document that is
// made of it.
import { CompactSign } from 'jose'
import {
  type AuditEvent,
  canonical,
  type PasskeyProof,
  RECEIPT_TYPE,
  type Receipt,
  type ReceiptDetails,
  type ReceiptToken,
  type StepUpProof,
} from '../../../contract/index.ts'
import { fromBase64Url, toHex, utf8 } from '../bytes.ts'
import { jwkOf } from '../factors/cose-key.ts'
import { refuse } from '../refusal.ts'
import type { IssuedToken } from '../tokens/issue.ts'
import { SIGNING_ALGORITHM, type SigningKey } from '../tokens/token.ts'
import { digestOf, verifyRun } from './audit.ts'
import { signCheckpoint } from './checkpoint.ts'

/** What the Worker knows of a step-up before the user is verified. */
export interface ReceiptTerms {
  /** The version of the settings. */
  version: number
  /** The actions of the elevated token. */
  actions: string[]
  /** The salted hash of the details that the elevated token is bound to. */
  details?: ReceiptDetails
}

/** A passkey's signature as it is stored: the public key is a COSE key in base64url. */
export interface StoredPasskey extends Omit<PasskeyProof, 'publicKey'> {
  publicKey: string
}

/** What is stored of a step-up for one token. */
export interface StoredReceipt extends Omit<ReceiptTerms, 'actions'> {
  token: ReceiptToken
  proof: Omit<StepUpProof, 'passkey'>
  passkey?: StoredPasskey
}

/** Returns what is stored of a step-up for one token. An MFA token has neither actions nor details. */
export function receiptOf(
  { version, actions, details }: ReceiptTerms,
  proof: StoredReceipt['proof'],
  { jti, kind, audience, scopes, singleUse, jkt, issuedAt, expiresAt }: IssuedToken,
  passkey: StoredPasskey | undefined,
): StoredReceipt {
  const isElevated = kind === 'elevated'
  const bound = jkt && { jkt }
  const token = { jti, kind, audience, scopes, singleUse, ...bound, issuedAt, expiresAt }
  return {
    token: { ...token, actions: isElevated ? actions : [] },
    ...{ version, proof },
    ...(isElevated && details && { details }),
    ...(passkey && { passkey }),
  }
}

/** A stored receipt, with the event of the step-up and all events up to the one that consumed the token. */
export interface FoundReceipt {
  stored: StoredReceipt
  run: AuditEvent[]
  isConsumed: boolean
}

/**
 * Makes the receipt of a token, and signs it and a checkpoint at its last event.
 *
 * @param showsCredential false for a reader who must not learn the credential. Its signature is left out too, because
 *   the public key can be computed from an ECDSA signature.
 * @throws Refused `conflict` if the stored events do not form a chain
 */
export async function makeReceipt(
  { stored, run, isConsumed }: FoundReceipt,
  about: Pick<Receipt, 'iss' | 'environment' | 'sub'>,
  showsCredential: boolean,
  key: SigningKey,
  now: number,
): Promise<Receipt> {
  const [issued] = run
  const last = run.at(-1)
  if (!issued || !last || verifyRun(run, issued.previous, issued.seq).brokenAt !== undefined) {
    refuse('conflict', {
      message: 'The history of this user was changed, so no receipt is signed for it.',
    })
  }
  const { version, token, details, proof, passkey } = stored
  const shown = showsCredential && passkey && { passkey: await describePasskey(passkey) }
  const { iss, sub } = about
  const end = { events: last.seq, head: last.hash }
  return signReceipt(
    {
      ...{ v: 1, ...about, iat: now, version, token },
      ...(details && { details }),
      proofs: [{ ...proof, ...shown }],
      ...(isConsumed && { consumed: { at: last.at, by: last.actor, position: last.seq } }),
      chain: {
        events: isConsumed ? [issued, last] : [issued],
        digests: run.slice(1, -1).map((event) => toHex(digestOf(event))),
        checkpoint: await signCheckpoint({ iss, sub }, end, key, now),
      },
    },
    key,
  )
}

async function describePasskey(passkey: StoredPasskey): Promise<PasskeyProof> {
  const { kty, crv, x, y, n, e, alg } = await jwkOf(
    fromBase64Url(passkey.publicKey) ?? new Uint8Array(),
  )
  const members = Object.entries({ kty, crv, x, y, n, e, alg })
  const publicKey = Object.fromEntries(
    members.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  )
  return { ...passkey, publicKey }
}

/** Signs a receipt: a detached JWS (RFC 7515, appendix F) of its canonical form (RFC 8785). */
async function signReceipt(
  receipt: Omit<Receipt, 'signature'>,
  { kid, key }: SigningKey,
): Promise<Receipt> {
  const jws = await new CompactSign(utf8(canonical(receipt)))
    .setProtectedHeader({ alg: SIGNING_ALGORITHM, typ: RECEIPT_TYPE, kid })
    .sign(key)
  const [header, , signature] = jws.split('.')
  return { ...receipt, signature: `${header}..${signature}` }
}
