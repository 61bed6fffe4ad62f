import { getAddress, isAddress } from 'viem'

/**
 * An address in its checksummed spelling.
 *
 * @throws Error where mixed case says that a digit was mistyped
 */
export function checksummed(address: `0x${string}`): `0x${string}` {
  const lower = /^0x[0-9a-f]{40}$/.test(address)
  if (!lower && !isAddress(address))
    throw new Error(`the address ${address} has a wrong checksum (ERC-55)`)
  return getAddress(address)
}
