// Schemas of single values, which the other schemas use.
import * as z from 'zod/mini'
import { LAST_EPOCH_SECOND } from './shared/wire.ts'

const CONTROL = /\p{Cc}/u
const LABEL = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u
export const LABEL_MAX_CHARACTERS = 64
export const SENTENCE_MAX_CHARACTERS = 120

/** The id of an environment. It is the first path segment of the environment's URLs. */
export const EnvironmentId = z.string().check(z.regex(/^[a-z][a-z0-9-]{1,31}$/))

/** Ids that no environment can have, because Countersign uses these path segments itself. */
export const RESERVED_ENVIRONMENT_IDS: readonly string[] = [
  'operator',
  'console',
  'health',
  'openapi',
  'reference',
  'metrics',
  'approve',
  'access',
]

/** The id that the application gives a user: 1 to 255 characters without control characters. */
export const SubjectId = z.string().check(
  z.minLength(1),
  z.maxLength(255),
  z.refine(
    (value) => !CONTROL.test(value) && value.isWellFormed(),
    'must hold no control characters',
  ),
)

export const SessionId = z.string().check(z.minLength(1), z.maxLength(255))

/** The name of a resource, as in the claim `aud`. */
export const Audience = z
  .string()
  .check(z.minLength(1), z.maxLength(255), z.regex(/^[\x21-\x7e]+$/))

const lineUpTo = (characters: number) =>
  z.string().check(
    z.regex(LABEL, 'must hold no control characters and no bidi marks'),
    z.refine(
      (value) => [...value].length <= characters,
      `must be at most ${characters} characters long`,
    ),
  )

/** Up to 64 characters in any language; no control characters and no bidi marks. */
export const Label = lineUpTo(LABEL_MAX_CHARACTERS)
/** Like `Label`, up to 120 characters. */
export const Sentence = lineUpTo(SENTENCE_MAX_CHARACTERS)

export const ActionName = z.string().check(z.regex(/^[a-z][A-Za-z0-9_.-]{0,63}$/))
export const ScopeName = z.string().check(z.regex(/^[a-z][A-Za-z0-9_.:-]{0,63}$/))
const SCOPES_MAX = 16
export const RequestedScopes = z.array(ScopeName).check(z.minLength(1), z.maxLength(SCOPES_MAX))
/** The greatest length of the claim `scope`, separators included. */
export const SCOPE_CLAIM_MAX_CHARACTERS = SCOPES_MAX * 65

/** Describes what an action will do, as a JSON object. Countersign adds the member `type` (RFC 9396). */
export const Details = z.record(z.string(), z.unknown())
export type Details = z.infer<typeof Details>

/** The id of a factor or of a pending enrollment. */
export const FactorId = z.string().check(z.regex(/^fac_[A-Za-z0-9_-]{22}$/))

/** Seconds since 1970-01-01T00:00Z (RFC 7519, NumericDate). */
export const EpochSeconds = z.int().check(z.nonnegative(), z.lte(LAST_EPOCH_SECOND))

/** A JWT in its compact form, of limited length. */
export const CompactJwt = z.string().check(z.minLength(1), z.maxLength(8192))

export const Cursor = z.string().check(z.minLength(1), z.maxLength(512))

/** The input of a procedure that needs none: `{}` or nothing. */
export const NoInput = z.optional(z.strictObject({}))
export type NoInput = z.infer<typeof NoInput>
