// What is stored for each user and step-up, in bytes. test/state/costs.test.ts measures it.

/** Bytes of SQLite's pages, with their indexes. */
export const SIZES = {
  /** A user with a passkey, an authenticator app and ten recovery codes. */
  user: 73_728,
  /** A step-up by passkey whose token was used: its events and its receipt, after a clean-up. */
  stepUp: 2_700,
  /** A passkey in the object of its environment. */
  credential: 170,
} as const
