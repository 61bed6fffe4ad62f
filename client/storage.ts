// Keeps tokens in a page's storage, so that they survive a reload. Tabs that share the storage or have a copy
// never send the same single-use token: the tab that sends it holds a Web Lock until the token expires.
import { memoryKeeper, type StoredToken, type TokenKeeper } from './tokens.ts'

type TextStorage = Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>

/**
 * Keeps tokens in `sessionStorage` or another storage of the page. Every script of the page can read them
 * there. Memory, the default, is safer. Without Web Locks (in an insecure context or an old browser), tokens
 * stay in memory.
 *
 * @param storage returns the storage; called when the instance is created, so that a server can import this
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
              // A duplicated tab has its own copy of the storage and must remove the token there.
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
