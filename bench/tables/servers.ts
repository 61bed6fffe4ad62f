// Serves what a table compares until the table ends.

import { scratchFor } from '../../scripts/scratch.ts'
import { type BetterAuth, onNode, onWorkerd } from '../contenders/better-auth.ts'
import { type Floor, startFloor } from '../contenders/floor.ts'
import { startOidcProvider } from '../contenders/oidc-provider.ts'
import { type Ours, startOurs } from '../contenders/ours.ts'
import type { Program } from '../contenders/programs.ts'
import type { Context } from '../table.ts'

/** Users whose objects are awake, because each is called before a round and several times in it. */
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
export async function floorIn(
  context: Context,
  options?: Parameters<typeof startFloor>[1],
): Promise<Floor> {
  context.going('bundling and starting the floors')
  const floor = await startFloor(context.signal, options)
  context.after(floor.stop)
  context.going('creating users')
  return floor
}

/** What the database of a peer takes at most. */
const DATABASE_BYTES = 500_000_000

/** Serves better-auth on Node and on workerd. */
export async function betterAuthIn(
  context: Context,
): Promise<{ node: BetterAuth; edge: BetterAuth }> {
  context.going('starting better-auth')
  const node = await onNode(scratchFor(DATABASE_BYTES))
  context.after(node.stop)
  const edge = await onWorkerd(context.signal)
  context.after(edge.stop)
  context.going('creating users')
  return { node, edge }
}

/** Serves oidc-provider. */
export async function oidcProviderIn(context: Context): Promise<Program> {
  const provider = await startOidcProvider()
  context.after(provider.stop)
  return provider
}
