// The cost of the most expensive condition that can be saved. The only test of the rules that measures time.
import { expect, it } from 'vitest'
import { loadConditions, variablesOf } from '../../functions/domain/conditions/condition.ts'

it('costs little in the worst condition that may be saved', async () => {
  const conditions = await loadConditions()
  const s = 'x'.repeat(700)
  const l = Array.from({ length: 256 }, () => 'y')
  const part = 'size(details.s + details.s + p + details.s) > 1 && !details.s.contains(p + "z") && '
  const when = `details.l.all(p, ${part.repeat(8)}true)`
  const subject = { enrolled: true, totp: true, passkey: false, recovery: false }
  const variables = variablesOf({ details: { s, l }, subject, request: { time: 1_800_000_000 } })
  expect(conditions.check(when)).toBeUndefined()
  const before = performance.now()
  expect(conditions.evaluate(when, variables)).toEqual({ outcome: 'matched' })
  expect(performance.now() - before).toBeLessThan(1000)
})
