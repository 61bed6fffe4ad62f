// Keeps key pairs in IndexedDB, which stores keys that a page cannot read. All tabs of an origin share it. Without
// IndexedDB, keys stay in memory.
import type { KeyPair } from 'dpop'

const DATABASE = 'countersign'
const STORE = 'keys'

/** Keeps one key pair for each name. */
export interface KeyStore {
  /** Returns the key pair of a name. Makes it on first use. */
  get(name: string): Promise<KeyPair>
  forget(name: string): Promise<void>
}

/** Creates a store of key pairs. Warns in the console if the keys stay in memory. */
export function createKeyStore(make: () => Promise<KeyPair>): KeyStore {
  const memory = new Map<string, KeyPair>()
  let hasWarned = false

  const getStored = async (name: string): Promise<KeyPair> => {
    const find = () => ask<KeyPair | undefined>('readonly', (store) => store.get(name))
    const found = await find()
    if (found) return found
    const made = await make()
    // If another tab has stored a key meanwhile, adding fails and both use the key of the other tab.
    await ask('readwrite', (store) => store.add(made, name)).catch(() => undefined)
    const kept = await find()
    if (!kept) throw new Error('The key was not stored.')
    return kept
  }
  const getInMemory = async (name: string): Promise<KeyPair> => {
    const key = memory.get(name) ?? (await make())
    if (!memory.has(name)) memory.set(name, key)
    return memory.get(name) ?? key
  }

  return {
    get: (name) =>
      memory.has(name)
        ? getInMemory(name)
        : getStored(name).catch((cause: unknown) => {
            if (!hasWarned)
              console.warn(
                'countersign: IndexedDB is not available, so the key of this page is lost with the page.',
                cause,
              )
            hasWarned = true
            return getInMemory(name)
          }),
    async forget(name) {
      memory.delete(name)
      await ask('readwrite', (store) => store.delete(name)).catch(() => undefined)
    },
  }
}

/** Makes one request to the store in a transaction of its own. */
async function ask<T>(
  mode: IDBTransactionMode,
  request: (store: IDBObjectStore) => IDBRequest<T>,
): Promise<T> {
  const opening = indexedDB.open(DATABASE, 1)
  opening.onupgradeneeded = () => void opening.result.createObjectStore(STORE)
  const database = await settled(opening)
  try {
    return await settled(request(database.transaction(STORE, mode).objectStore(STORE)))
  } finally {
    database.close()
  }
}

const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })
