// Receipts and checkpoints: the types of what a receipt key signs, and the tags of the hashes that a receipt is checked
// with. A key for tokens signs neither, and a receipt key signs no token.

/** The `typ` of a checkpoint: where a chain of events ends. */
export const CHECKPOINT_TYPE = 'countersign-checkpoint+jwt'

/** The `typ` of a receipt's signature. */
export const RECEIPT_TYPE = 'countersign-receipt+jws'

/** The tag of an event's hash; `hash` is SHA-256 over tag, previous hash and event digest. */
export const EVENT_HASH_TAG = 'countersign/event/v1'

/** The tag of the salted hash of details. */
export const DETAILS_HASH_TAG = 'countersign/details/v2'

/** The tag of the statement that a passkey signs. */
export const STATEMENT_TAG = 'countersign/webauthn/v2'
