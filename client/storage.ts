// Tokens in a page's storage: they outlive a reload. Tabs that share them, or hold copies, never send
// the same single-use token: a tab that sends one holds a Web Lock on its name until it has expired.
import { memoryKeeper, type StoredToken, type TokenKeeper } from './tokens.ts'

type TextStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/**
 * Keeps tokens in `sessionStorage`, or another storage of the page. Any script that runs in the page
 * can read them there: memory, the default, is safer. Without Web Locks (an insecure
 * context, an old browser) tokens stay in memory.
 *
 * @param storage asked for when the instance is made, so that a server may import this
 * @example createCountersign({ url, environment, getSessionToken, keepTokens: storageKeeper() })
 */
export const storageKeeper =
  (storage: () => TextStorage = () => sessionStorage) =>
  (name: string): TokenKeeper => {
    const locks = globalThis.navigator?.locks
    if (!locks) return memoryKeeper()
    const store = storage()
    const channel = new BroadcastChannel(name)
    const read = () => parse(store.getItem(name))
    const write = (tokens: readonly StoredToken[]) =>
      tokens.length > 0 ? store.setItem(name, JSON.stringify(tokens)) : store.removeItem(name)
    return {
      read,
      write,
      claim: (token) =>
        new Promise((resolve) => {
          const hold = (lock: Lock | null) => {
            if (!lock) return resolve(undefined)
            return new Promise<void>((release) => {
              // A duplicated tab has a copy of the storage, which this tab cannot reach.
              channel.postMessage(token.jti)
              const secondsLeft = token.expiresAt - token.aheadSeconds - Date.now() / 1000
              setTimeout(release, secondsLeft * 1000)
              resolve(release)
            })
          }
          locks
            .request(`${name} ${token.jti}`, { ifAvailable: true }, hold)
            .catch(() => resolve(undefined))
        }),
      watch(changed) {
        channel.onmessage = ({ data }) => {
          write(read().filter(({ jti }) => jti !== data))
          changed()
        }
        globalThis.addEventListener?.('storage', ({ key }) => key === name && changed())
      },
    }
  }

function parse(text: string | null): StoredToken[] {
  try {
    const kept: unknown = JSON.parse(text ?? '[]')
    return Array.isArray(kept) ? kept.filter((entry) => typeof entry?.token === 'string') : []
  } catch {
    return []
  }
}
