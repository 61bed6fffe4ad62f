// What the Worker says of a wallet, and what it answers. No share and no key is ever in a view.

/** Who keeps a share. */
export type Holder = 'vault' | 'custodian' | 'delegate'
export type Decision = 'approve' | 'revoke'

/** A share as anybody may know it. */
export interface PublicShare {
  holder: Holder
  /** The beginning of the SHA-256 of the share, in hexadecimal digits. */
  fingerprint: string
}

/** What is true of a delegation: the view and the log say it in the same words. */
export const accessText = ({ to, state }: { to: string; state: 'pending' | 'approved' }) =>
  state === 'pending' ? `Waiting for you to approve ${to}` : `${to} holds a share`

export interface WalletView {
  address: string
  /** Goes up by one whenever the shares change; the address stays. */
  generation: number
  /** How many of the shares make the key. */
  threshold: number
  shares: PublicShare[]
  delegation: { to: string; state: 'pending' | 'approved' } | null
  /** Set while the wallet was made for a user who has not claimed it. */
  pregenerated: { by: string } | null
  /** What the user wants of the delegation, and will be asked at their next sign-in. */
  wanted?: Decision
  /** What the user chose in an earlier session, and must confirm now. */
  reshare?: { wanted: Decision; to: string }
  /** Newest first; at is epoch seconds. */
  log: { at: number; event: string; detail: string }[]
}

/** The ends of an address, by which people recognise it. */
export const shortAddress = (address: string): string =>
  `${address.slice(0, 6)}…${address.slice(-4)}`

type Hex = `0x${string}`

/** What comes back, by kind of request. */
export type SignResult =
  | { signature: Hex }
  | { serializedTransaction: Hex; hash: Hex }
  | { authorization: SignedAuthorization }

/** EIP-7702, as `authorizationList` of a transaction takes it. */
export interface SignedAuthorization {
  contractAddress: Hex
  chainId: number
  nonce: number
  r: Hex
  s: Hex
  yParity: number
}

export interface Exported {
  address: string
  privateKey: Hex
}

/** A session that began just now. */
export interface SignedIn {
  session: string
  subject: string
  name: string
  /** In epoch seconds. */
  expiresAt: number
}
