// What the page may ask of the Worker: one schema a request. Numbers that can exceed 2^53 are decimal
// texts, so that there is one spelling of each.
import * as z from 'zod/mini'
import { normalizeName } from './name.ts'

const NAME_MAX_CHARACTERS = 40
const MESSAGE_MAX_CHARACTERS = 16_384
const UINT256_MAX = 2n ** 256n - 1n
/** Characters that cannot be seen, or that reorder what is seen. */
export const UNSEEN = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u

/** The name of a user of the demo: 1 to 40 characters, of which every one can be seen. */
export const Name = z.pipe(
  z.pipe(z.string(), z.transform(normalizeName)),
  z.string().check(
    z.refine(
      (name) => [...name].length >= 1 && [...name].length <= NAME_MAX_CHARACTERS,
      `a name has 1 to ${NAME_MAX_CHARACTERS} characters`,
    ),
    z.refine((name) => !UNSEEN.test(name), 'a name holds no control characters'),
  ),
)

export const SignInRequest = z.strictObject({ name: Name })
export const PregenerateRequest = z.strictObject({ name: Name })
export const DelegateRequest = z.strictObject({ to: Name })
export type DelegateRequest = z.infer<typeof DelegateRequest>
export const DelegationRequest = z.strictObject({ decision: z.enum(['approve', 'revoke']) })
export type DelegationRequest = z.infer<typeof DelegationRequest>
export const NoRequest = z.strictObject({})

const Decimal = z.string().check(
  z.regex(/^(0|[1-9]\d{0,77})$/, 'must be a whole number in decimal digits, as a text'),
  z.refine((text) => !/^\d{1,78}$/.test(text) || BigInt(text) <= UINT256_MAX, 'is beyond 2^256'),
)
const Address = z.templateLiteral(['0x', z.string().check(z.regex(/^[0-9a-fA-F]{40}$/))])
const Bytes = z.templateLiteral(['0x', z.string().check(z.regex(/^([0-9a-fA-F]{2})*$/))])
/** A chain is always named: an authorization for chain 0 would be good on every chain (EIP-7702). */
const ChainId = z.int().check(z.gte(1))
const Nonce = z.int().check(z.gte(0))

/** A fee market transaction (EIP-1559). */
export const TransactionRequest = z.strictObject({
  chainId: ChainId,
  to: Address,
  value: Decimal,
  data: z.optional(Bytes),
  nonce: Nonce,
  gas: Decimal,
  maxFeePerGas: Decimal,
  maxPriorityFeePerGas: Decimal,
})
export type TransactionRequest = z.infer<typeof TransactionRequest>

const TypedDataField = z.strictObject({ name: z.string(), type: z.string() })

/** Typed data (EIP-712). */
export const TypedDataRequest = z.strictObject({
  domain: z.strictObject({
    name: z.optional(z.string()),
    version: z.optional(z.string()),
    chainId: z.optional(z.int().check(z.gte(0))),
    verifyingContract: z.optional(Address),
    salt: z.optional(Bytes),
  }),
  types: z.record(z.string(), z.array(TypedDataField)),
  primaryType: z.string().check(z.minLength(1)),
  message: z.record(z.string(), z.unknown()),
})
export type TypedDataRequest = z.infer<typeof TypedDataRequest>

/** That an account acts by the code of a contract (EIP-7702). */
export const AuthorizationRequest = z.strictObject({
  contractAddress: Address,
  chainId: ChainId,
  nonce: Nonce,
})
export type AuthorizationRequest = z.infer<typeof AuthorizationRequest>

/** A message (ERC-191): a text, or bytes. */
export const MessageRequest = z.union([
  z.string().check(z.minLength(1), z.maxLength(MESSAGE_MAX_CHARACTERS)),
  z.strictObject({ raw: Bytes.check(z.minLength(4), z.maxLength(MESSAGE_MAX_CHARACTERS)) }),
])
export type MessageRequest = z.infer<typeof MessageRequest>

export const SignRequest = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('message'), message: MessageRequest }),
  z.strictObject({ kind: z.literal('typedData'), typedData: TypedDataRequest }),
  z.strictObject({ kind: z.literal('transaction'), transaction: TransactionRequest }),
  z.strictObject({ kind: z.literal('authorization'), authorization: AuthorizationRequest }),
])
export type SignRequest = z.infer<typeof SignRequest>
