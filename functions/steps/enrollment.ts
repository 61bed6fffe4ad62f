// Starts enrollments: stores a pending factor, and returns what the user's app or device needs.
import { TOTP_ENROLLMENT_LIFETIME_SECONDS } from '../../contract/index.ts'
import type { SubjectCaller } from '../callers/subject.ts'
import { epochSeconds, random } from '../clock.ts'
import { registrationOptions } from '../domain/factors/passkey-options.ts'
import { describeTotp, newTotpSecret, type StoredTotp, sealedFor } from '../domain/factors/totp.ts'
import { unwrap } from '../domain/refusal.ts'
import { seal } from '../domain/seal.ts'
import { enrollPurpose } from '../domain/tokens/challenge.ts'
import type { Session } from '../domain/tokens/session.ts'
import type { LiveEnvironment } from '../edge/environment.ts'
import type { StartCall } from '../edge/objects.ts'
import { createChallenge } from './challenge.ts'

type Opening = Pick<StartCall, 'who' | 'factorId' | 'label' | 'gate' | 'first' | 'session'>

/**
 * Starts to enroll an authenticator app.
 *
 * @param accountName the name that the app shows; default: the name in the session, or else the domain of
 *   the relying party
 * @throws Refused if the step-up or a fresh sign-in is missing, or for too many factors or changes
 */
export async function enrollTotp(
  { environment, object, session }: SubjectCaller,
  opening: Opening,
  accountName?: string,
) {
  const { algorithm, digits, periodSeconds } = environment.settings.methods.totp
  const secret = newTotpSecret(algorithm, random)
  const context = sealedFor(opening.who, opening.factorId)
  const sealed = seal(environment.secrets().dataKey, 'totp', context, secret, random)
  const stored: StoredTotp = { algorithm, digits, periodSeconds, sealed }
  const expiresAt = epochSeconds() + TOTP_ENROLLMENT_LIFETIME_SECONDS
  unwrap(
    await object.startEnrollment({
      ...opening,
      kind: 'totp',
      secret: JSON.stringify(stored),
      expiresAt,
    }),
  )
  const { rpName } = environment.settings
  const account = accountName ?? nameOf(environment, session)
  const shown = describeTotp(secret, stored, rpName, account)
  return { factorId: opening.factorId, ...shown, expiresAt }
}

/**
 * Starts to enroll a passkey.
 *
 * @param accountName the name that passkey managers show; default: as for an app
 * @throws Refused if the step-up or a fresh sign-in is missing, or for too many factors or changes
 */
export async function enrollPasskey(caller: SubjectCaller, opening: Opening, accountName?: string) {
  const { environment, object, session } = caller
  const { factorId } = opening
  const created = createChallenge(caller, enrollPurpose(factorId), { scope: '' })
  const { challenge, webauthnChallenge, expiresAt } = created
  const started = unwrap(
    await object.startEnrollment({ ...opening, kind: 'passkey', secret: '{}', expiresAt }),
  )
  const name = accountName ?? nameOf(environment, session)
  const user = { handle: started.userHandle, name }
  const options = await registrationOptions(
    environment.settings,
    user,
    webauthnChallenge,
    started.existing,
  )
  return { factorId, challenge, options, expiresAt }
}

/** Returns the name of an account. It is never the subject, which means nothing to a person. */
const nameOf = ({ settings }: LiveEnvironment, { name }: Session): string => name ?? settings.rpId
