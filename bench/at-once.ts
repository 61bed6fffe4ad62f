// Prepares many things, some of them at the same time.

const AT_ONCE = 16

/** Calls a function for every item, with at most 16 calls at the same time. Returns the results in order. */
export async function atOnce<T, R>(
  items: readonly T[],
  make: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const made: R[] = []
  const entries = items.entries()
  const work = async () => {
    for (const [index, item] of entries) made[index] = await make(item, index)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return made
}

/** Returns the numbers from 0 on. */
export const numbers = (count: number): number[] =>
  Array.from({ length: count }, (_, index) => index)

/** Returns an item for an index, again from the start after the last one. */
export function around<T>(items: readonly T[], index: number): T {
  const item = items[index % items.length]
  if (item === undefined) throw new Error('there are no items')
  return item
}
