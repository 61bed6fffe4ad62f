/**
 * Normalizes the name of a user: Unicode form NFKC, no white space around it.
 *
 * @example normalizeName(' Bob ') // 'Bob'
 */
export const normalizeName = (text: string): string => text.normalize('NFKC').trim()
