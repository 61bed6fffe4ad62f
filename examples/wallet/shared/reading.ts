// What a request signs, as its user reads it: only what is hashed, never what an application adds to it, and a
// warning where the wallet cannot tell what the signature does.
import { hexToBytes, type TypedDataDomain } from 'viem'
import { chainName, isKnownChain } from './chains.ts'
import { checksummed } from './checksum.ts'
import type {
  AuthorizationRequest,
  MessageRequest,
  TransactionRequest,
  TypedDataRequest,
} from './requests.ts'

const WARNINGS = {
  call: 'This calls a contract. The wallet cannot show what the call does.',
  bytes: 'These bytes are not text. The wallet cannot show what they mean.',
  inside: 'This data contains bytes. The wallet cannot show what they mean.',
  code: 'The code of this contract will control your account until you authorize another.',
  stranger: 'The wallet does not know this contract. Its code will control your account.',
}

/** Contracts that the wallet knows as code of accounts. */
const CONTRACTS: Record<string, string> = {
  '0x63c0c19a282a1B52b07dD5a65b58948A07DAE32B': 'MetaMask EIP-7702 Delegator',
}

/** Reads a transaction: who gets how much on which network, and what it may cost. */
export function readTransaction({ data = '0x', ...transaction }: TransactionRequest) {
  const { chainId, gas, maxFeePerGas } = transaction
  const isKnown = isKnownChain(chainId)
  return {
    ...transaction,
    to: checksummed(transaction.to),
    asset: isKnown ? `ETH on ${chainName(chainId)}` : 'coins of an unknown network',
    ...(!isKnown && { network: chainName(chainId) }),
    fee: (BigInt(gas) * BigInt(maxFeePerGas)).toString(),
    ...(data !== '0x' && { data, warning: WARNINGS.call }),
  }
}

/** Reads a message: as text where it is one, else as bytes. */
export function readMessage(message: MessageRequest) {
  if (typeof message === 'string') return { message }
  const text = textIn(message.raw)
  return text === undefined ? { bytes: message.raw, warning: WARNINGS.bytes } : { message: text }
}

/** Returns the text that bytes are in UTF-8, if they are one that can be read. */
function textIn(bytes: `0x${string}`): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
      hexToBytes(bytes),
    )
    return /[^\P{Cc}\n\t]/u.test(text) ? undefined : text
  } catch {
    return undefined
  }
}

/** Reads an authorization: which contract's code an account will run (EIP-7702). */
export function readAuthorization(request: AuthorizationRequest) {
  const { contractAddress, chainId, nonce } = request
  const contract = checksummed(contractAddress)
  const name = Object.hasOwn(CONTRACTS, contract) ? CONTRACTS[contract] : undefined
  return {
    contract,
    contractName: name ?? 'not known to this wallet',
    network: chainName(chainId),
    ...{ chainId, nonce, warning: name ? WARNINGS.code : WARNINGS.stranger },
  }
}

type Types = TypedDataRequest['types']

/** Reads typed data by its types (EIP-712), so that members that are not signed are not shown. */
export function readTypedData({ domain, types, primaryType, message }: TypedDataRequest) {
  const { chainId } = domain
  const fields = types.EIP712Domain ?? DOMAIN.filter(({ name }) => Object.hasOwn(domain, name))
  const hasBytes = membersOf(types, primaryType).has('bytes')
  return {
    primaryType,
    domain: readStruct({ ...types, EIP712Domain: fields }, 'EIP712Domain', domain),
    message: readStruct(types, primaryType, message),
    ...(fields.some(({ name }) => name === 'chainId') &&
      chainId !== undefined && { network: chainName(chainId) }),
    ...(hasBytes && { warning: WARNINGS.inside }),
  }
}

const DOMAIN: { name: keyof TypedDataDomain; type: string }[] = [
  { name: 'name', type: 'string' },
  { name: 'version', type: 'string' },
  { name: 'chainId', type: 'uint256' },
  { name: 'verifyingContract', type: 'address' },
  { name: 'salt', type: 'bytes32' },
]

const ARRAY = /^(.*)\[\d*\]$/

/** Returns the types of the members of a type, at every level. */
function membersOf(types: Types, name: string, found = new Set<string>()): Set<string> {
  const [, element] = ARRAY.exec(name) ?? []
  if (element !== undefined) return membersOf(types, element, found)
  if (found.has(name)) return found
  found.add(name)
  for (const { type } of ownType(types, name) ?? []) membersOf(types, type, found)
  return found
}

const ownType = (types: Types, name: string) =>
  Object.hasOwn(types, name) ? types[name] : undefined

const readStruct = (types: Types, name: string, value: unknown): Record<string, unknown> =>
  Object.fromEntries(
    (ownType(types, name) ?? []).map((field) => [
      field.name,
      readValue(types, field.type, Object(value)[field.name]),
    ]),
  )

function readValue(types: Types, type: string, value: unknown): unknown {
  const [, element] = ARRAY.exec(type) ?? []
  if (element !== undefined && Array.isArray(value))
    return value.map((one) => readValue(types, element, one))
  if (ownType(types, type)) return readStruct(types, type, value)
  if (/^u?int/.test(type)) return BigInt(String(value)).toString()
  return typeof value === 'boolean' ? value : String(value)
}
