// Codes as an authenticator app creates them.
import { Secret, TOTP } from 'otpauth'

/** The code of a TOTP secret, some steps before or after now. */
export function totpCode(
  secret: string,
  stepsFromNow = 0,
  more: { algorithm?: string; digits?: number; period?: number } = {},
): string {
  const period = more.period ?? 30
  return new TOTP({ secret: Secret.fromBase32(secret), ...more, period }).generate({
    timestamp: Date.now() + stepsFromNow * period * 1000,
  })
}
