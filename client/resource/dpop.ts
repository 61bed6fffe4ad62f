// Tokens that are bound to a key of their client (RFC 9449), for a guard. The entry point of
// `countersign/resource/dpop`, so that a guard without it stays small.
import type { PresentedDpop } from '../../contract/index.ts'
import {
  DPOP_FAULTS,
  DPOP_REFUSALS,
  dpopChallengeOf,
  isAboutProof,
  verifyDpop,
} from '../../contract/shared/dpop.ts'
import {
  DPOP_HEADER,
  DPOP_NONCE_HEADER,
  DPOP_STANDARD_HEADER,
  isRecord,
  TOKEN_HEADER,
} from '../../contract/shared/wire.ts'
import { GuardRefusal, PROBLEM_TYPE, refuse, unavailable } from './answers.ts'
import type { BoundTokens, BoundUse, RequestLine } from './types.ts'

/** The options of `dpop`. */
export interface DpopOptions {
  /** The address under which callers reach this API, with the path that a proxy takes off, if any. */
  publicUrl: string
}

const STATUS = 401

/**
 * Lets a guard accept tokens that are bound to a key. The proof is in `Countersign-DPoP` beside
 * `Countersign-Token`, and in `DPoP` beside a token in `Authorization`.
 *
 * @throws TypeError if `publicUrl` is not an address without a query
 * @example createGuard({ …, dpop: dpop({ publicUrl: 'https://api.example' }) })
 */
export function dpop({ publicUrl }: DpopOptions): BoundTokens {
  const base = baseOf(publicUrl)
  return {
    async check(use) {
      const shown = { proof: proofIn(use), ...lineOf(use.request, base) }
      const { presented: token, cnf, now } = use
      const verified = await verifyDpop(shown.proof, { ...shown, token, jkt: cnf.jkt, now: now() })
      if ('fault' in verified)
        refuseProof('proof_invalid', `The DPoP proof was refused: ${DPOP_FAULTS[verified.fault]}.`)
      return shown
    },
    rethrow,
  }
}

/** Returns the address in the form in which the URL standard writes it, without a slash at its end. */
function baseOf(publicUrl: string): string {
  const url = URL.canParse(publicUrl) ? new URL(publicUrl) : undefined
  if (!url || !/^https?:$/.test(url.protocol) || url.search || url.hash)
    throw new TypeError('dpop: `publicUrl` must be an address like https://api.example')
  return (url.origin + url.pathname).replace(/\/+$/, '')
}

/** Returns the proof of a call. A bound token in `Authorization` must have the scheme `DPoP` (RFC 9449, section 7.1). */
function proofIn({ headers }: BoundUse): string {
  const isOwn = headers.get(TOKEN_HEADER) !== null
  const isDpop = isOwn || /^DPoP /i.test(headers.get('authorization') ?? '')
  const proof = headers.get(isOwn ? DPOP_HEADER : DPOP_STANDARD_HEADER)
  return proof === null || !isDpop ? refuseProof('proof_required') : proof
}

/** Returns the method and the configured address of a request. Only the path comes from the request. */
function lineOf(
  { method, originalUrl, url }: RequestLine = {},
  base: string,
): Omit<PresentedDpop, 'proof'> {
  const target = originalUrl ?? url
  if (!method || !target) return unavailable('guard: a bound token needs `request`.')
  const path = target.startsWith('/') ? target.replace(/[?#].*/s, '') : new URL(target).pathname
  return { method, url: base + path }
}

/** Answers a refusal of the proof by Countersign. Throws any other error again. */
function rethrow(cause: unknown): never {
  const refusal = cause instanceof GuardRefusal ? cause.members.cause : undefined
  const data = refusal instanceof Error && isRecord(refusal.cause) ? refusal.cause : {}
  const reason = `${data.reason}`
  if (!isAboutProof(reason)) throw cause
  return refuseProof(reason, undefined, data.dpopNonce)
}

function refuseProof(
  reason: keyof typeof DPOP_REFUSALS,
  detail: string = DPOP_REFUSALS[reason],
  dpopNonce?: unknown,
): never {
  const title = DPOP_REFUSALS[reason]
  const problem = { type: PROBLEM_TYPE + reason, title, status: STATUS, detail, reason, dpopNonce }
  const response = new Response(JSON.stringify(problem), {
    status: STATUS,
    headers: {
      'content-type': 'application/problem+json',
      'cache-control': 'no-store',
      'www-authenticate': dpopChallengeOf(reason),
      ...(typeof dpopNonce === 'string' && { [DPOP_NONCE_HEADER]: dpopNonce }),
    },
  })
  return refuse(reason, { detail, response })
}
