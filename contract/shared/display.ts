// Details as people read them: rows from the canonical details of an action and the titles and `display` of its
// schema. Details may come from an attacker: no value is hidden or shortened, and every character can be seen.
import { canonical } from './details.ts'
import { isRecord } from './wire.ts'

/** The ways in which a property is shown. */
export const DISPLAY_KINDS = [
  'amount',
  'address',
  'hash',
  'date',
  'duration',
  'text',
  'bytes',
  'list',
] as const
type DisplayKind = (typeof DISPLAY_KINDS)[number]

/** The keyword `display` of a property in a `detailsSchema`. Validation of details ignores it. */
export interface Display {
  as: DisplayKind
  /** For an amount: the unit, or the property of the same object that holds it. */
  unit?: string
  unitFrom?: string
  /** For an amount: the value counts units of 10^-decimals, as wei do for 18. */
  decimals?: number
  /** For a hash: the property of the same object that it is the hash of. */
  of?: string
  /** The place among the properties; those without a number follow in the order of the schema. */
  order?: number
}

/** One row of details. No member holds a character that is invisible or changes the direction of text. */
export interface DetailRow {
  /** The property of the details that the row belongs to. */
  name: string
  title: string
  text: string
  /** The exact value, as canonical JSON. */
  raw: string
  /** `raw` for a value that has no description, or does not fit it. */
  kind: DisplayKind | 'raw'
  /** The title of what a hash is the hash of. The row before it shows that value. */
  of?: string
}

/** Matches a unit: letters and currency signs, so that it cannot read as a part of the number before it. */
export const UNIT = /^[\p{L}\p{Sc}][\p{L}\p{M}\p{Sc} ().-]{0,39}$/u

/** Matches what cannot be seen or changes the direction of text, and the signs that stand for it below. */
const ESCAPED = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}⟦⏎]/gu
/** Shows where a line of a text ends. */
export const NEW_LINE = '⏎'
const BETWEEN_THOUSANDS = '\u202f'

const escaped = (one: string): string =>
  `⟦U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}⟧`
const visible = (text: string): string => text.replace(ESCAPED, escaped)

/** Returns a text with a visible sign for each line break. No other text contains the sign. */
const lined = (text: string): string => text.split('\n').map(visible).join(NEW_LINE)
const exact = (value: unknown): string => visible(canonical([value]).slice(1, -1))
const plain = (value: unknown): string => (isText(value) ? lined(value) : exact(value))
/** Returns a number or text as a text, and nothing for any other value. */
const written = (value: unknown): string =>
  typeof value === 'number' || isText(value) ? String(value) : ''
const isText = (value: unknown): value is string => typeof value === 'string'

/**
 * Returns the rows of details, in the order in which people read them.
 *
 * @param schema the schema of the action, or only its titles and `display`; undefined if it has no schema
 * @param locale decides how dates and durations are written; dates are in UTC
 * @example
 * const amount = { title: 'Amount', display: { as: 'amount', unit: 'ETH', decimals: 18 } }
 * rowsOf({ properties: { amount } }, { amount: '10000000000000000' })[0]?.text // '0.01 ETH'
 */
export const rowsOf = (schema: unknown, details: object, locale = 'en'): DetailRow[] =>
  rowsOfObject(displayPartOf(schema) ?? {}, details, knownLocale(locale), '')

/** Returns a locale without what some systems add to it, such as en-US@posix; English if that is not one either. */
function knownLocale(locale: string): string {
  try {
    return Intl.getCanonicalLocales(locale.replace(/[^A-Za-z\d-].*/, ''))[0] ?? 'en'
  } catch {
    return 'en'
  }
}

/** The members of a schema that say how its values are shown. */
export type DisplayPart = {
  title?: string
  display?: Display
  properties?: Record<string, DisplayPart>
  items?: DisplayPart
}

/**
 * Returns the titles and `display` of a schema, at every level. A page needs no more of it to show details.
 *
 * @returns undefined if the schema has none
 */
export function displayPartOf(schema: unknown): DisplayPart | undefined {
  if (!isRecord(schema)) return undefined
  const { title, display } = schema
  const properties = Object.entries(Object(schema.properties)).flatMap(([name, one]) => {
    const part = displayPartOf(one)
    return part ? [[name, part] as const] : []
  })
  const items = displayPartOf(schema.items)
  const part = {
    ...(isText(title) && { title }),
    ...(isRecord(display) && { display: display as unknown as Display }),
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(items && { items }),
  }
  return Object.keys(part).length > 0 ? part : undefined
}

interface Field {
  name: string
  title: string
  value: unknown
  part: DisplayPart
}

function rowsOfObject(
  part: DisplayPart,
  value: object,
  locale: string,
  prefix: string,
): DetailRow[] {
  const fields = fieldsOf(part, value, prefix)
  const units = new Map(fields.map((field) => [field, unitOf(field, fields)]))
  const folded = new Set(units.values())
  const shown = fields.filter((field) => !folded.has(field))
  const hashed = new Map(shown.map((field) => [field, hashedBy(field, shown)]))
  return shown
    .filter((field) => !hashed.get(field))
    .flatMap((field) => [field, ...shown.filter((hash) => hashed.get(hash) === field)])
    .flatMap((field) => rowsOfField(field, locale, units.get(field), hashed.get(field)))
}

/** Returns the members of an object in the order of their rows. */
function fieldsOf({ properties = {} }: DisplayPart, value: object, prefix: string): Field[] {
  const names = Object.keys(properties)
  const placeOf = ({ name, part }: Field): [order: number, index: number] => [
    part.display?.order ?? Number.MAX_SAFE_INTEGER,
    names.includes(name) ? names.indexOf(name) : names.length,
  ]
  return Object.entries(value)
    .map(([name, member]) => {
      const part = (Object.hasOwn(properties, name) && properties[name]) || {}
      return { name, title: prefix + visible(part.title ?? name), value: member, part }
    })
    .sort((one, other) => {
      const [[order, index], [otherOrder, otherIndex]] = [placeOf(one), placeOf(other)]
      return order - otherOrder || index - otherIndex
    })
}

/** Returns the property that holds the unit of an amount. The amount's row shows it, so it has no row of its own. */
function unitOf({ value, part: { display } }: Field, fields: readonly Field[]): Field | undefined {
  if (display?.as !== 'amount' || amountText(value, display) === undefined) return undefined
  const unit = fields.find(({ name }) => name === display.unitFrom)
  return isText(unit?.value) && UNIT.test(unit.value) && !unit.part.display ? unit : undefined
}

/** Returns the property whose hash a property is. */
const hashedBy = ({ part: { display } }: Field, shown: readonly Field[]): Field | undefined =>
  display?.as === 'hash'
    ? shown.find(({ name, part }) => name === display.of && part.display?.as !== 'hash')
    : undefined

function rowsOfField(field: Field, locale: string, unit?: Field, of?: Field): DetailRow[] {
  const { name, title, value, part } = field
  const { title: given, display, items } = part
  const members = typeof value === 'object' && value !== null ? Object.values(value) : []
  const isList = display?.as === 'list' || members.some((member) => Object(member) === member)
  if (isRecord(value) && members.length > 0)
    return rowsOfObject(part, value, locale, `${title} › `).map((row) => ({ ...row, name }))
  if (members.length > 0 && isList)
    return members.flatMap((member, index) =>
      rowsOfField(
        { name, title: `${title} ${index + 1}`, value: member, part: items ?? {} },
        locale,
      ),
    )
  const kind = display?.as ?? (given === undefined ? 'raw' : 'text')
  const text = FORMATS[kind](value, display ?? { as: 'text' }, locale)
  return [
    {
      ...{ name, title, text: joined(text ?? plain(value), unit?.value) },
      raw: joined(exact(value), unit && exact(unit.value)),
      kind: text === undefined ? 'raw' : kind,
      ...(of && { of: of.title }),
    },
  ]
}

const joined = (text: string, more: unknown): string => (isText(more) ? `${text} ${more}` : text)

/** Writes a value of a kind. Returns undefined for a value that does not fit. */
type Format = (value: unknown, display: Display, locale: string) => string | undefined

const FORMATS: Record<DetailRow['kind'], Format> = {
  amount: (value, display) => {
    const text = amountText(value, display)
    return text === undefined ? undefined : joined(text, display.unit)
  },
  address: (value) => matching(value, /^[A-Za-z0-9]{8,}$/, inFours),
  hash: (value) => matching(value, /^/, lined),
  date: dateText,
  duration: durationText,
  text: plain,
  bytes: (value) =>
    matching(value, /^0x(?:[\da-f]{2})*$/i, (hex) => {
      const count = hex.length / 2 - 1
      return `${inFours(hex)} (${count === 1 ? '1 byte' : `${count} bytes`})`
    }),
  list: () => undefined,
  raw: () => undefined,
}

const matching = (value: unknown, pattern: RegExp, write: (text: string) => string) =>
  isText(value) && pattern.test(value) ? write(value) : undefined

const inFours = (text: string): string => {
  const [head = ''] = /^0x/.exec(text) ?? []
  return head + (text.slice(head.length).match(/.{1,4}/g) ?? []).join(' ')
}

/** Fraction digits of money are all written, as in 25.00. With more decimals, zeros at the end are left out. */
const MONEY_DECIMALS = 3

/** Writes an amount without floating point. A narrow space separates thousands, because a comma has two meanings. */
function amountText(value: unknown, { decimals = 0 }: Display): string | undefined {
  const given = written(value)
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(given) ?? []
  if (whole === undefined || (fraction && decimals > 0)) return undefined
  const digits = BigInt(whole)
    .toString()
    .padStart(decimals + 1, '0')
  const head = digits.slice(0, digits.length - decimals)
  const tail = digits.slice(digits.length - decimals) + fraction
  const kept = decimals > MONEY_DECIMALS ? tail.replace(/(?<!0)0+$/, '') : tail
  const first = head.length % 3
  const groups = [head.slice(0, first), ...(head.slice(first).match(/\d{3}/g) ?? [])]
  const grouped = groups.filter(Boolean).join(BETWEEN_THOUSANDS)
  return `${sign}${grouped}${kept && `.${kept}`}`
}

const EPOCH_SECONDS = /^\d{1,12}$/
const DAY = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)$/

/** Writes a moment, given in epoch seconds or as RFC 3339, or a day. */
function dateText(value: unknown, _: Display, locale: string): string | undefined {
  const given = written(value)
  const isSeconds = EPOCH_SECONDS.test(given)
  if (!isSeconds && !DAY.test(given) && !MOMENT.test(given)) return undefined
  const at = new Date(isSeconds ? Number(given) * 1000 : given)
  if (Number.isNaN(at.getTime())) return undefined
  const style = { dateStyle: 'long', timeZone: 'UTC' } as const
  const time = DAY.test(given) ? {} : ({ timeStyle: 'long' } as const)
  // Some locales add marks that change the direction of text.
  return new Intl.DateTimeFormat(locale, { ...style, ...time }).format(at).replace(ESCAPED, '')
}

const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
] as const

/** Writes a number of seconds in words. */
function durationText(value: unknown, _: Display, locale: string): string | undefined {
  const given = written(value)
  if (!EPOCH_SECONDS.test(given)) return undefined
  let left = Number(given)
  const parts = UNITS.map(([unit, seconds]) => {
    const count = Math.floor(left / seconds)
    left %= seconds
    return { unit, count }
  })
  const some = parts.filter(({ count }) => count > 0)
  return (some.length > 0 ? some : parts.slice(-1))
    .map(({ unit, count }) =>
      new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(count),
    )
    .join(' ')
    .replace(ESCAPED, '')
}
