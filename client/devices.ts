// The user's factors: enrolling, naming and removing them, and the recovery codes. A change consumes the
// token of its scope (`credential:link`, `:update`, `:unlink`) if the store holds one.
import type { Factor, FactorListResult } from '../contract/index.ts'
import { ask, type Countersign, instanceOf, spending, unexpected } from './instance.ts'
import { TokenScope } from './names.ts'
import { ceremony, createPasskey } from './passkey.ts'

/** A confirmed factor, with the member names of this SDK. */
export interface MfaDevice extends Omit<Factor, 'factorId' | 'kind'> {
  id: string
  type: Factor['kind']
}

/** The number of factors of each kind, the state of the recovery codes, and whether the user must enroll. */
export interface MfaMethods extends Omit<FactorListResult, 'factors'> {
  totp: number
  passkey: number
}

/** A new factor. With the first factor come the recovery codes, which are shown only once. */
export interface RegisteredDevice {
  device: MfaDevice
  recoveryCodes?: string[]
}

/** The options of an enrollment. */
export interface Registration {
  /** The name that the user gives the factor. */
  label?: string
  /** The user's name, as their authenticator app or passkey manager shows it. Default: from the session token. */
  accountName?: string
  /** The backend's signed assertion, if the environment requires one for the first factor. */
  assertion?: string
}

const deviceOf = ({ factorId, kind, ...factor }: Factor): MfaDevice => ({
  ...factor,
  id: factorId,
  type: kind,
})

/** Waits for a change of the user's factors, and notifies the listeners. */
async function change<T>(instance: Countersign, call: Promise<T>): Promise<T> {
  const answer = await ask(call)
  instance.emit('devicesChanged', undefined)
  return answer
}

/** Returns the number of the user's factors of each kind, and the state of their recovery codes. */
export async function getMfaMethods(instance?: Countersign): Promise<MfaMethods> {
  const { factors, ...rest } = await ask(instanceOf(instance).rpc.factor.list.query())
  const count = (kind: Factor['kind']) => factors.filter((factor) => factor.kind === kind).length
  return { ...rest, totp: count('totp'), passkey: count('passkey') }
}

/** Returns the user's factors. */
export async function getMfaDevices(instance?: Countersign): Promise<MfaDevice[]> {
  const { factors } = await ask(instanceOf(instance).rpc.factor.list.query())
  return factors.map(deviceOf)
}

/**
 * Starts to enroll an authenticator app. Show `uri` as a QR code and `secret` as text. Then confirm with a
 * code within ten minutes: call `confirmTotpMfaDevice` or `authenticateTotpMfaDevice`.
 *
 * @throws CountersignError `step_up_required` for a user who has a factor, `session_not_fresh`,
 *   `factor_limit_reached`, `method_not_allowed`
 * @example const { uri, secret, deviceId } = await registerTotpMfaDevice({ label: 'Phone' })
 */
export async function registerTotpMfaDevice(
  registration: Registration = {},
  instance?: Countersign,
) {
  const countersign = instanceOf(instance)
  const { factorId, ...shown } = await spending(countersign, TokenScope.Credentiallink, (options) =>
    countersign.rpc.factor.enroll.mutate({ kind: 'totp', ...registration }, options),
  )
  if (!('secret' in shown)) throw unexpected()
  countersign.pendingDevice = factorId
  return { deviceId: factorId, ...shown }
}

/**
 * Confirms an authenticator app with a code. This is not a step-up: it issues no token.
 *
 * @throws CountersignError `invalid_code`, `challenge_expired`, `rate_limited`, `locked`
 */
export async function confirmTotpMfaDevice(
  { deviceId, code }: { deviceId: string; code: string },
  instance?: Countersign,
): Promise<RegisteredDevice> {
  const countersign = instanceOf(instance)
  const { factor, ...rest } = await change(
    countersign,
    countersign.rpc.factor.confirm.mutate({ kind: 'totp', factorId: deviceId, code }),
  )
  countersign.pendingDevice = undefined
  return { device: deviceOf(factor), ...rest }
}

/**
 * Enrolls a passkey: the browser asks the user.
 *
 * @throws CountersignError with a reason of the ceremony, `conflict` for an authenticator that is
 *   registered already, `step_up_required` for a user who has a factor, `session_not_fresh`,
 *   `passkey_rejected`
 * @example await registerPasskey({ label: 'Laptop' })
 */
export async function registerPasskey(
  registration: Registration = {},
  instance?: Countersign,
): Promise<RegisteredDevice> {
  const countersign = instanceOf(instance)
  const { factor } = countersign.rpc
  const confirmed = await change(
    countersign,
    ceremony(
      async () => {
        const started = await spending(countersign, TokenScope.Credentiallink, (options) =>
          factor.enroll.mutate({ kind: 'passkey', ...registration }, options),
        )
        if (!('options' in started)) throw unexpected()
        return started
      },
      createPasskey,
      ({ factorId, challenge }, response) =>
        factor.confirm.mutate({ kind: 'passkey', factorId, challenge, response }),
    ),
  )
  const { factor: added, ...rest } = confirmed
  return { device: deviceOf(added), ...rest }
}

/** Changes the name of a factor. Without a label, removes the name. */
export async function renameMfaDevice(
  { deviceId, label }: { deviceId: string; label?: string },
  instance?: Countersign,
): Promise<MfaDevice[]> {
  const countersign = instanceOf(instance)
  const input = { factorId: deviceId, ...(label !== undefined && { label }) }
  const { factors } = await change(countersign, countersign.rpc.factor.rename.mutate(input))
  return factors.map(deviceOf)
}

/** Makes a factor the default, which prompts offer first. Consumes a `credential:update` token. */
export async function setDefaultMfaDevice(
  { deviceId }: { deviceId: string },
  instance?: Countersign,
): Promise<MfaDevice[]> {
  const countersign = instanceOf(instance)
  const { factors } = await change(
    countersign,
    spending(countersign, TokenScope.Credentialupdate, (options) =>
      countersign.rpc.factor.setDefault.mutate({ factorId: deviceId }, options),
    ),
  )
  return factors.map(deviceOf)
}

/** Removes a factor and ends the tokens that came from it. Consumes a `credential:unlink` token. */
export async function deleteMfaDevice(
  { deviceId }: { deviceId: string },
  instance?: Countersign,
): Promise<MfaDevice[]> {
  const countersign = instanceOf(instance)
  const { factors } = await change(
    countersign,
    spending(countersign, TokenScope.Credentialunlink, (options) =>
      countersign.rpc.factor.remove.mutate({ factorId: deviceId }, options),
    ),
  )
  return factors.map(deviceOf)
}

/** Creates new recovery codes and ends all earlier ones. Consumes a `credential:update` token. */
export async function createNewMfaRecoveryCodes(instance?: Countersign): Promise<string[]> {
  const countersign = instanceOf(instance)
  const { recoveryCodes } = await change(
    countersign,
    spending(countersign, TokenScope.Credentialupdate, (options) =>
      countersign.rpc.recovery.regenerate.mutate({}, options),
    ),
  )
  return recoveryCodes
}

/** Records that the user has saved the recovery codes. */
export async function acknowledgeRecoveryCodes(instance?: Countersign): Promise<boolean> {
  const countersign = instanceOf(instance)
  return (await change(countersign, countersign.rpc.recovery.acknowledge.mutate())).acknowledged
}
