// Parses what was typed into a form: every value, or a message for each field that is not valid.
import { isAddress, parseEther, parseGwei } from 'viem'
import type { MessageRequest } from '../../shared/requests.ts'

export type Problems = Record<string, string>

/** The values that were read, or what is wrong with which field. */
export type Read<T> = { value: T } | { problems: Problems }

const WHOLE = /^(0|[1-9]\d*)$/

/** A whole number that a program can count with. */
export function whole(text: string): number {
  const number = Number(text.trim())
  if (!WHOLE.test(text.trim()) || !Number.isSafeInteger(number)) throw new Error(text)
  return number
}

/** A chain is always named: 0 would mean all of them (EIP-7702). */
export function chain(text: string): number {
  const number = whole(text)
  if (number < 1) throw new Error(text)
  return number
}

/** An address whose checksum fits, where it has one (ERC-55). */
export function address(text: string): `0x${string}` {
  const trimmed = text.trim()
  if (!isAddress(trimmed)) throw new Error(text)
  return trimmed
}

/** A message as applications send it to wallets: digits after 0x are bytes. */
export const messageIn = (text: string): MessageRequest =>
  /^0x(?:[0-9a-f]{2})+$/i.test(text) ? { raw: text as `0x${string}` } : text

const AMOUNT = /^\d+(\.\d+)?$/

/** An amount in ether, as wei in decimal digits. */
export const ether = (text: string): string => amount(text, 18, parseEther)

/** A price in gwei, as wei in decimal digits. */
export const gwei = (text: string): string => amount(text, 9, parseGwei)

function amount(text: string, digits: number, parse: (text: string) => bigint): string {
  const trimmed = text.trim()
  // More digits than there are would be rounded in silence.
  const [, fraction = ''] = trimmed.split('.')
  if (!AMOUNT.test(trimmed) || fraction.length > digits) throw new Error(text)
  return parse(trimmed).toString()
}

type Parsers<V> = { [Field in keyof V]: [parse: (text: string) => unknown, sentence: string] }
type Parsed<V, P extends Parsers<V>> = { [Field in keyof V]: ReturnType<P[Field][0]> }

/**
 * Reads all fields of a form.
 *
 * @example const read = readAll(values, { nonce: [whole, 'Enter a whole number.'] })
 */
export function readAll<V extends Record<string, string>, P extends Parsers<V>>(
  values: V,
  parsers: P,
): Read<Parsed<V, P>> {
  const problems: Problems = {}
  const read = Object.entries(values).map(([field, text]) => {
    const [parse, sentence] = parsers[field as keyof V]
    try {
      return [field, parse(text)]
    } catch {
      problems[field] = sentence
      return [field, undefined]
    }
  })
  return Object.keys(problems).length > 0
    ? { problems }
    : { value: Object.fromEntries(read) as Parsed<V, P> }
}
