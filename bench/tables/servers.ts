// Serves what a table compares until the table ends.
import { type Floor, startFloor } from '../contenders/floor.ts'
import { type Ours, startOurs } from '../contenders/ours.ts'
import type { Context } from '../table.ts'

/** Users whose objects stay awake, because each is called several times in a round. */
export const AWAKE_USERS = 200
/** Users who have one code in 30 seconds. */
export const CODE_USERS = 1600

/** Serves Countersign. */
export async function oursIn(
  context: Context,
  options?: Parameters<typeof startOurs>[1],
): Promise<Ours> {
  context.going('bundling and starting Countersign')
  const ours = await startOurs(context.signal, options)
  context.after(ours.stop)
  context.going('creating users')
  return ours
}

/** Serves the floors. */
export async function floorIn(context: Context): Promise<Floor> {
  context.going('bundling and starting the floors')
  const floor = await startFloor(context.signal)
  context.after(floor.stop)
  context.going('creating users')
  return floor
}
