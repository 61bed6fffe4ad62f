// Times as people say them, in the language and the time zone of the browser.
const DAY_MILLISECONDS = 86_400_000

const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' })
const clock = new Intl.DateTimeFormat(undefined, { timeStyle: 'medium' })
const day = new Intl.DateTimeFormat(undefined, { dateStyle: 'full' })

/** A time of the server, in epoch seconds; `short` leaves the day out. */
export const Time = ({ at, short = false }: { at: number; short?: boolean }) => {
  const date = new Date(at * 1000)
  return <time dateTime={date.toISOString()}>{(short ? clock : moment).format(date)}</time>
}

/** The day of a time, in epoch seconds. */
export function dayOf(at: number): string {
  const name = day.format(at * 1000)
  if (name === day.format(Date.now())) return 'Today'
  return name === day.format(Date.now() - DAY_MILLISECONDS) ? 'Yesterday' : name
}
