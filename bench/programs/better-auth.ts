// The options of better-auth on Node and on workerd: its second factor and its passkeys, as its documentation sets
// them up. Passwords are stored as they are, because nobody signs in while something is measured.
import { passkey } from '@better-auth/passkey'
import type { BetterAuthOptions } from 'better-auth'
import { twoFactor } from 'better-auth/plugins'
import { ORIGIN } from '../job.ts'

/** Returns the options with a database. */
export const optionsWith = (database: BetterAuthOptions['database']) =>
  ({
    database,
    baseURL: ORIGIN,
    secret: 'a secret of the benchmark alone, 32 and more characters',
    trustedOrigins: [ORIGIN],
    // It would refuse all but 100 calls in 10 seconds.
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    emailAndPassword: {
      enabled: true,
      password: {
        hash: async (password: string) => password,
        verify: async ({ hash, password }: { hash: string; password: string }) => hash === password,
      },
    },
    plugins: [twoFactor(), passkey({ rpID: new URL(ORIGIN).hostname, origin: ORIGIN })],
  }) satisfies BetterAuthOptions
