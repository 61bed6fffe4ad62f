// What a session token must say besides its issuer, and where it says when its user signed in.
import * as z from 'zod/mini'

export const ClaimName = z.string().check(z.regex(/^[A-Za-z0-9_:./-]{1,128}$/))
const Word = z.string().check(z.regex(/^[\x21-\x7e]{1,255}$/))

/** A claim that every session token must have, or must not have. */
export const ClaimRule = z.union([
  z.strictObject({ claim: ClaimName, equals: Word }),
  /** The claim is a list of words: a text with spaces between them, or an array. */
  z.strictObject({ claim: ClaimName, includes: Word }),
  z.strictObject({ claim: ClaimName, absent: z.literal(true) }),
])
export type ClaimRule = z.infer<typeof ClaimRule>

/** Where a session token says when its user signed in. */
export const AuthTimeSource = z.discriminatedUnion('from', [
  /** A claim in epoch seconds. */
  z.strictObject({ from: z.literal('claim'), claim: ClaimName }),
  /**
   * The newest time in a claim that is an array of objects. `member` is the member of these objects with the time in
   * epoch seconds. Objects that `except` describes are ignored, such as `{ member: 'method', values: ['token_refresh'] }`.
   */
  z.strictObject({
    from: z.literal('newest'),
    claim: ClaimName,
    member: ClaimName,
    except: z.optional(
      z.strictObject({
        member: ClaimName,
        values: z.array(Word).check(z.minLength(1), z.maxLength(20)),
      }),
    ),
  }),
  /** An age in whole minutes when the token was issued, at an index of a claim that is an array. */
  z.strictObject({
    from: z.literal('minutesAgo'),
    claim: ClaimName,
    index: z.int().check(z.gte(0), z.lte(9)),
  }),
])
export type AuthTimeSource = z.infer<typeof AuthTimeSource>
