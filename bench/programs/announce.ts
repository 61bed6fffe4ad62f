// Listens on a free port, sends it to the parent process, and ends with that process.
import type { Server } from 'node:http'

/** Starts a server of this process. */
export function announce(server: Server): void {
  server.listen(0, '127.0.0.1', () => process.send?.(server.address()))
  process.once('disconnect', () => process.exit())
}
