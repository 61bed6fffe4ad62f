// The check that an isolate makes before its first request: it reaches a decision, and its token is good for nothing else.
import { afterEach, expect, it, vi } from 'vitest'
import { EnvironmentId } from '../../contract/index.ts'
import { flush } from '../../functions/edge/counting.ts'
import { openEnvironment } from '../../functions/edge/environment.ts'
import { authenticate } from '../../functions/edge/sessions.ts'
import type { Bindings } from '../../functions/env.ts'
import { NOWHERE, TOKEN, warmUp } from '../../functions/warm-up.ts'

afterEach(() => vi.useRealTimers())

it('the check at the start is decided while the clock shows 1970, and caches what no request can name', async () => {
  vi.useFakeTimers({ now: 0, toFake: ['Date'] })
  expect(await warmUp()).toMatchObject({ decision: 'step_up', reason: 'enrolled' })
  const add = vi.fn()
  await flush({ counts: { getByName: () => ({ add }) } } as unknown as Bindings)
  expect(add).not.toHaveBeenCalled()
  // From the cache: it asks no object.
  const left = await openEnvironment({} as Bindings, NOWHERE)
  expect(EnvironmentId.safeParse(left.id).success).toBe(false)
  vi.setSystemTime(100_000)
  await expect(authenticate(left, '', TOKEN)).rejects.toThrow('expired')
})

it('the check at the start is refused if the clock shows the current time', async () => {
  await expect(warmUp()).rejects.toMatchObject({ refusal: { reason: 'unauthenticated' } })
})
