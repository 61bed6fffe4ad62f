// The small words that the other schemas are made of.
import * as z from 'zod/mini'
import { LAST_EPOCH_SECOND } from './shared/wire.ts'

const CONTROL = /\p{Cc}/u
const LABEL = /^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]+$/u
export const LABEL_MAX_CHARACTERS = 64

/** `^[a-z][a-z0-9-]{1,31}$`: the first segment of an environment's addresses. */
export const EnvironmentId = z.string().check(z.regex(/^[a-z][a-z0-9-]{1,31}$/))

/** Segments that an environment may not be named after. */
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

/** A user as the application names them: 1 to 255 characters, none of them a control character. */
export const SubjectId = z.string().check(
  z.minLength(1),
  z.maxLength(255),
  z.refine(
    (value) => !CONTROL.test(value) && value.isWellFormed(),
    'must hold no control characters',
  ),
)

export const SessionId = z.string().check(z.minLength(1), z.maxLength(255))

/** A resource as `aud` names it. */
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
/** The same, up to 120 characters. */
export const Sentence = lineUpTo(120)

export const ActionName = z.string().check(z.regex(/^[a-z][A-Za-z0-9_.-]{0,63}$/))
export const ScopeName = z.string().check(z.regex(/^[a-z][A-Za-z0-9_.:-]{0,63}$/))
const SCOPES_MAX = 16
export const RequestedScopes = z.array(ScopeName).check(z.minLength(1), z.maxLength(SCOPES_MAX))
/** The length of a token's longest possible scope list, separators included. */
export const SCOPE_CLAIM_MAX_CHARACTERS = SCOPES_MAX * 65

/** What an action is about to do, as a JSON object; `type` is Countersign's own (RFC 9396). */
export const Details = z.record(z.string(), z.unknown())
export type Details = z.infer<typeof Details>

/** Names a factor, or an enrollment that is pending. */
export const FactorId = z.string().check(z.regex(/^fac_[A-Za-z0-9_-]{22}$/))

/** Seconds since 1970-01-01T00:00Z (RFC 7519, NumericDate). */
export const EpochSeconds = z.int().check(z.nonnegative(), z.lte(LAST_EPOCH_SECOND))

/** One JWT in its compact form, of a bounded length. */
export const CompactJwt = z.string().check(z.minLength(1), z.maxLength(8192))

export const Cursor = z.string().check(z.minLength(1), z.maxLength(512))

/** The input of a procedure without input: `{}` or nothing. */
export const NoInput = z.optional(z.strictObject({}))
export type NoInput = z.infer<typeof NoInput>
