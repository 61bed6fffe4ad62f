// The types of what a receipt key signs. A key for tokens signs neither, and a receipt key signs no token.

/** The `typ` of a checkpoint: where a chain of events ends. */
export const CHECKPOINT_TYPE = 'countersign-checkpoint+jwt'
