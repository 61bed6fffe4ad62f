// stats.*: estimated counts of the events of an environment.
import { StatsInput, StatsResult } from '../../contract/index.ts'
import { epochSeconds } from '../clock.ts'
import { addUp, rangeOf } from '../domain/history/stats.ts'
import { flush } from '../edge/counting.ts'
import { openEnvironment } from '../edge/environment.ts'
import { allCounts } from '../edge/objects.ts'
import { calledBy, router } from '../trpc.ts'

export const statsRouter = router({
  get: calledBy('operator')
    .input(StatsInput)
    .output(StatsResult)
    .query(async ({ ctx: { bindings }, input: { environment, range } }) => {
      const { id } = await openEnvironment(bindings, environment)
      // The result includes the samples of this isolate. Other isolates are at most ten seconds behind.
      await flush(bindings)
      const asked = rangeOf(range, epochSeconds())
      const shards = await Promise.all(
        allCounts(bindings, id).map((shard) => shard.rows(range, asked.from)),
      )
      return { ...asked, rows: addUp(shards) }
    }),
})
