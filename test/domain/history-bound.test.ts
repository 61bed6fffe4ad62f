// The time that a stolen session needs to push an event out of a history, as SECURITY.md states it.
import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { DAY_SECONDS, HOUR_SECONDS } from '../../functions/domain/factors/throttle.ts'
import { HISTORY_MAX_EVENTS } from '../../functions/state/history.ts'
import { EVENTS_PER_HOUR_MAX } from '../support/history-bound.ts'

it('follows from the limits in force: days until the oldest event is gone', () => {
  const days = HISTORY_MAX_EVENTS / EVENTS_PER_HOUR_MAX / (DAY_SECONDS / HOUR_SECONDS)
  const security = readFileSync('SECURITY.md', 'utf8').replaceAll(/\s+/g, ' ')
  const stated = /at most (\d+) events an hour.* more than (\d+) days/.exec(security)
  expect(stated?.slice(1).map(Number)).toEqual([EVENTS_PER_HOUR_MAX, Math.floor(days)])
})
