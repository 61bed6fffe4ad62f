// Times in the language and the time zone of the browser.
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' })
const UNITS = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
] as const

/** A time of the server, in epoch seconds; `short` leaves the day out. */
export const Time = ({ at, short = false }: { at: number; short?: boolean }) => {
  const date = new Date(at * 1000)
  return <time dateTime={date.toISOString()}>{(short ? clock : moment).format(date)}</time>
}

/** How long ago, or how soon. The tooltip shows the exact time. */
export const Ago = ({ at }: { at: number }) => {
  const date = new Date(at * 1000)
  const seconds = Math.round(at - Date.now() / 1000)
  const [unit, size] = UNITS.find(([, length]) => Math.abs(seconds) >= length) ?? ['second', 1]
  const text = unit === 'second' ? 'just now' : relative.format(Math.trunc(seconds / size), unit)
  return (
    <time dateTime={date.toISOString()} title={moment.format(date)}>
      {Math.abs(seconds) > 30 * 86_400 ? moment.format(date) : text}
    </time>
  )
}
