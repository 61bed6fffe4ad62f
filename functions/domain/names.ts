// The names of objects, and new ids and keys.
import { hashParts, type Random, sha256, toBase64Url, utf8 } from './bytes.ts'

/** Returns the name of a user's object: a hash of length-prefixed parts, so that no two users share one. */
export const subjectObjectName = (environment: string, subject: string): string =>
  toBase64Url(hashParts('countersign/subject/v1', environment, subject))

export const newJti = (random: Random): string => toBase64Url(random(16))
export const newFactorId = (random: Random): string => `fac_${toBase64Url(random(16))}`

export const RESOURCE_KEY_PREFIX = 'csk_res_'
export const OPERATOR_KEY_PREFIX = 'csk_op_'

/** Creates a resource key. It is shown once. It has 256 random bits, so a plain hash of it can be stored. */
export const newResourceKey = (random: Random): string =>
  RESOURCE_KEY_PREFIX + toBase64Url(random(32))

/** Creates an operator key, which is stored in the same way. */
export const newOperatorKey = (random: Random): string =>
  OPERATOR_KEY_PREFIX + toBase64Url(random(32))

/** Returns whether a key has the form of an operator key. */
export const isOperatorKey = (key: string): boolean => /^csk_op_[A-Za-z0-9_-]{43}$/.test(key)

export const hashKey = (key: string): string =>
  toBase64Url(sha256(utf8('countersign/key/v1'), utf8(key)))
