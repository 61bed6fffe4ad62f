// The bare Worker (floors/bare.ts), served like Countersign.
import { readWorker } from '../../scripts/prove/config.ts'
import { type Served, serve } from '../../scripts/prove/serve.ts'
import { ROOM_USERS } from './ours.ts'

/**
 * Serves the bare Worker.
 *
 * @param fronts see `ServeOptions`
 */
export async function startBare(signal: AbortSignal, fronts = 1): Promise<Served> {
  const { date, flags, bundling } = await readWorker()
  return serve({
    bundled: {
      worker: {
        ...{ main: 'bench/floors/bare.ts', date, flags, kv: [] },
        objects: [{ name: 'BARE', className: 'Bare' }],
        bundling: { ...bundling, alias: {} },
      },
      source: ['bench/floors', 'tsconfig.base.json'],
    },
    ...{ room: ROOM_USERS, fronts, signal },
  })
}
