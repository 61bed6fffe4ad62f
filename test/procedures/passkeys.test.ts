// Passkeys (WebAuthn Level 3, sections 7.1 and 7.2) from the options to the token: every kind of key, every
// member of a response that can be changed, challenges, counters, and who can enroll a passkey.
import { base64urlnopad } from '@scure/base'
import { describe, expect, it } from 'vitest'
import type { EnvironmentSettings } from '../../contract/index.ts'
import type { Algorithm, Tamper } from '../support/authenticator.ts'
import {
  earnWithPasskey,
  enrollPasskey,
  finishEnrolling,
  finishStepUp,
  makeDevice,
  startEnrolling,
  startStepUp,
  stepUpWithPasskey,
} from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { historyAfterTheHour, historyOf } from '../support/evidence.ts'
import { partsOf } from '../support/jwt.ts'
import {
  AUDIENCE,
  enrollTotp,
  expectRefused,
  makeEnvironment,
  now,
  ORIGIN,
  operator,
  stepUp,
  type TestEnvironment,
  totpCode,
  wrongCode,
} from '../support/service.ts'

restartClockAfterEach()

const EXPORT = ['wallet:export']
const PHR_ONLY = {
  actions: [{ action: 'wallet.waas.export', base: { acr: 'phr' as const } }],
}

/** An environment, a user of it, and a passkey of theirs on a device. */
async function scene(more: Parameters<typeof makeDevice>[0] = {}) {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const device = makeDevice(more)
  const { factorId, recoveryCodes } = await enrollPasskey(user, device)
  return { environment, user, device, factorId, recoveryCodes }
}

/** The events of a kind in a user's history. */
const eventsOf = async ({ id }: TestEnvironment, subject: string, type: string) =>
  (await historyOf(id, subject)).filter((event) => event.type === type)

const KINDS: [Algorithm, boolean][] = (['ES256', 'EdDSA', 'RS256'] as const).flatMap((algorithm) =>
  [false, true].map((synced): [Algorithm, boolean] => [algorithm, synced]),
)

describe('a passkey', () => {
  it.each(KINDS)('is enrolled and used: %s, synced %s', async (algorithm, synced) => {
    const { environment, user, device, factorId } = await scene({ algorithm, synced })
    const { factors } = await user.client.factor.list.query()
    expect(factors).toEqual([
      {
        factorId,
        kind: 'passkey',
        label: null,
        isDefault: true,
        createdAt: expect.any(Number),
        lastUsedAt: null,
        passkey: {
          synced,
          backedUp: synced,
          transports: synced ? ['hybrid', 'internal'] : ['usb'],
          usable: true,
        },
      },
    ])
    const stepped = await stepUpWithPasskey(user, device, EXPORT)
    const amr = [synced ? 'swk' : 'hwk', 'user', 'mfa']
    expect(stepped).toMatchObject({ factorId, amr, acr: 'phr' })
    expect(stepped.elevatedToken).toMatchObject({
      acr: 'phr',
      audience: AUDIENCE,
      scopes: EXPORT,
      singleUse: true,
    })
    expect(partsOf(stepped.elevatedToken?.token ?? '').payload).toMatchObject({
      iss: environment.issuer,
      sub: user.subject,
      amr,
      acr: 'phr',
      auth_time: stepped.authTime,
      scope: 'wallet:export',
    })
    const { client } = await environment.resource()
    const consumed = await client.token.consume.mutate({
      token: stepped.elevatedToken?.token ?? '',
      subject: user.subject,
      action: 'wallet.waas.export',
    })
    expect(consumed).toMatchObject({ accepted: true, claims: { acr: 'phr' } })
  })

  it('works on each of several origins and on no other', async () => {
    const origins = [ORIGIN, 'https://wallet.app.example', 'https://app.example:8443']
    const environment = await makeEnvironment({ origins })
    for (const origin of origins) {
      const user = await environment.user()
      const device = makeDevice({ origin })
      await enrollPasskey(user, device)
      expect(await stepUpWithPasskey(user, device)).toMatchObject({ acr: 'phr' })
      for (const other of origins) {
        const started = await startStepUp(user)
        const response = await device.authenticate(started.options, { origin: other })
        expect(await finishStepUp(user, started, response)).toMatchObject({ acr: 'phr' })
      }
      const started = await startStepUp(user)
      const unlisted = { origin: 'https://other.app.example' }
      const response = await device.authenticate(started.options, unlisted)
      await expectRefused(finishStepUp(user, started, response), 'passkey_rejected')
    }
  })

  it('is asked for with options that want user verification, of the user’s own passkeys', async () => {
    const { user, device } = await scene()
    const started = await startStepUp(user)
    expect(started.options).toMatchObject({
      rpId: 'app.example',
      userVerification: 'required',
      allowCredentials: [{ id: device.credentials[0]?.id, transports: ['usb'] }],
    })
    expect(base64urlnopad.decode(started.options.challenge)).toHaveLength(32)
  })

  it('is not enrolled twice on one authenticator', async () => {
    const { user, device } = await scene()
    const link = await earnWithPasskey(user, device, 'credential:link')
    const started = await startEnrolling(user, link)
    expect(started.options.excludeCredentials).toMatchObject([{ id: device.credentials[0]?.id }])
    await expect(device.register(started.options)).rejects.toMatchObject({
      name: 'InvalidStateError',
    })
    const [own] = device.credentials
    const again = await makeDevice().register(started.options, {
      credentialId: own?.id ?? '',
      postedId: own?.id ?? '',
    })
    await expectRefused(finishEnrolling(user, started, again), 'passkey_rejected')
    expect(await stepUpWithPasskey(user, device)).toMatchObject({ acr: 'phr' })
  })

  it('stands for a user by 32 random bytes that stay the same and are no one else’s', async () => {
    const { environment, user, device } = await scene()
    const link = await earnWithPasskey(user, device, 'credential:link')
    const { options } = await startEnrolling(user, link)
    const handle = device.credentials[0]?.userHandle ?? ''
    expect(options.user.id).toBe(handle)
    expect(base64urlnopad.decode(handle)).toHaveLength(32)
    const other = await startEnrolling(await environment.user())
    expect(other.options.user.id).not.toBe(handle)
    expect(base64urlnopad.decode(other.options.user.id)).toHaveLength(32)
    const elsewhere = await makeEnvironment()
    const namesake = await elsewhere.user({ sub: user.subject })
    expect((await startEnrolling(namesake)).options.user.id).not.toBe(handle)
  })

  it('needs no user handle, which an authenticator may leave out', async () => {
    const { user, device } = await scene()
    const started = await startStepUp(user)
    const response = await device.authenticate(started.options, { userHandle: null })
    expect(await finishStepUp(user, started, response)).toMatchObject({ acr: 'phr' })
  })

  it('reports its backup state as of its last use', async () => {
    const { user, device } = await scene({ synced: true })
    const started = await startStepUp(user)
    const response = await device.authenticate(started.options, { backedUp: false })
    await finishStepUp(user, started, response)
    const { factors } = await user.client.factor.list.query()
    expect(factors[0]?.passkey).toMatchObject({ synced: true, backedUp: false })
    expect(factors[0]?.lastUsedAt).toBeGreaterThan(0)
  })

  it('may have an id of 1,023 bytes', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const device = makeDevice()
    await enrollPasskey(user, device, { tamper: { idBytes: 1023 } })
    expect(await stepUpWithPasskey(user, device)).toMatchObject({ acr: 'phr' })
  })

  it('may be one of ten, and no more', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const device = makeDevice()
    await enrollPasskey(user, device)
    for (let count = 1; count < 10; count += 1) {
      const linkToken = await earnWithPasskey(user, device, 'credential:link')
      await enrollPasskey(user, makeDevice(), { linkToken })
    }
    const link = await earnWithPasskey(user, device, 'credential:link')
    await expectRefused(startEnrolling(user, link), 'factor_limit_reached')
    expect((await user.client.factor.list.query()).factors).toHaveLength(10)
    const totp = await user.with(link).factor.enroll.mutate({ kind: 'totp' })
    expect(totp.factorId).toMatch(/^fac_/)
  })

  it('is not confirmed past the limit by enrollments that were opened below it', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const device = makeDevice()
    await enrollPasskey(user, device)
    const open = async () =>
      startEnrolling(user, await earnWithPasskey(user, device, 'credential:link'))
    for (let count = 1; count < 9; count += 1) {
      const linkToken = await earnWithPasskey(user, device, 'credential:link')
      await enrollPasskey(user, makeDevice(), { linkToken })
    }
    const [tenth, eleventh] = [await open(), await open()]
    const answers = await Promise.all(
      [tenth, eleventh].map(async (started) => {
        const response = await makeDevice().register(started.options)
        return finishEnrolling(user, started, response).then(
          () => 'confirmed',
          (error) => error.data.reason,
        )
      }),
    )
    expect(answers.sort()).toEqual(['confirmed', 'factor_limit_reached'])
  })
})

describe('who may enroll a passkey', () => {
  it.each([
    ['is older than ten minutes', () => ({ auth_time: now() - 601 })],
    ['does not say its age', () => ({ auth_time: undefined })],
  ])('is refused a first one when the sign-in %s', async (_what, claims) => {
    const environment = await makeEnvironment()
    const user = await environment.user(claims())
    await expectRefused(startEnrolling(user), 'session_not_fresh')
    expect(await user.client.audit.list.query({})).toEqual({ events: [] })
    await user.signIn({ auth_time: now() - 590 })
    expect((await startEnrolling(user)).factorId).toMatch(/^fac_/)
  })

  it('needs a step-up for a second one, however fresh the sign-in', async () => {
    const { environment, user, device } = await scene()
    const refused = await expectRefused(startEnrolling(user), 'step_up_required')
    expect(refused.requirement).toEqual({
      action: 'credential.link',
      scope: 'credential:link',
      methods: ['totp', 'passkey', 'recovery'],
      acr: 'recovery',
      freshnessSeconds: 300,
      details: 'optional',
    })
    await user.signIn({ auth_time: now() - 3000 })
    const link = await earnWithPasskey(user, device, 'credential:link')
    const { factorId } = await startEnrolling(user, link)
    await expectRefused(startEnrolling(user, link), 'token_used')
    const started = await eventsOf(environment, user.subject, 'enrollment.started')
    expect(started.at(-1)?.data).toEqual({
      factorId,
      kind: 'passkey',
      jti: partsOf(link).payload.jti,
    })
  })

  it('gets no token by confirming one', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const response = await makeDevice().register(started.options)
    const confirmed = await finishEnrolling(user, started, response)
    expect(Object.keys(confirmed).sort()).toEqual(['factor', 'recoveryCodes'])
    const view = await operator.subject.get.query({
      environment: environment.id,
      subject: user.subject,
    })
    expect(view).toMatchObject({ enrolled: true, liveTokens: 0, pendingEnrollments: 0 })
    const types = (await historyOf(environment.id, user.subject)).map(({ type }) => type)
    expect(types).toEqual(['enrollment.started', 'factor.confirmed'])
  })

  it('gets recovery codes with the first one alone', async () => {
    const { user, device, recoveryCodes } = await scene()
    expect(recoveryCodes).toHaveLength(10)
    const linkToken = await earnWithPasskey(user, device, 'credential:link')
    expect(await enrollPasskey(user, makeDevice(), { linkToken })).toMatchObject({
      recoveryCodes: [],
    })
  })

  it('is refused with a reason where passkeys are switched off', async () => {
    const environment = await makeEnvironment({ methods: { passkey: { enabled: false } } })
    const user = await environment.user()
    await expectRefused(startEnrolling(user), 'method_not_allowed')
    await expectRefused(startStepUp(user), 'method_not_allowed')
  })
})

describe('after the relying party has changed', () => {
  /** A user whose passkey was made for `app.example`, in an environment that has moved since. */
  async function moved(actions: EnvironmentSettings['actions'] = []) {
    stopClock()
    const environment = await makeEnvironment({ actions })
    const user = await environment.user()
    const device = makeDevice()
    const { factorId, recoveryCodes } = await enrollPasskey(user, device)
    const origins = ['https://new.example']
    const settings = { ...environment.document, rpId: 'new.example', origins }
    await operator.environment.update.mutate({ environment: environment.id, settings, version: 1 })
    return { environment, user, device, factorId, recoveryCodes }
  }

  it('a passkey for the old one is marked unusable, and answers nothing', async () => {
    const { user, factorId } = await moved()
    const { factors } = await user.client.factor.list.query()
    expect(factors).toMatchObject([{ factorId, passkey: { usable: false } }])
    await expectRefused(startStepUp(user, EXPORT), 'enrollment_required')
  })

  it('policy does not count it, and opens nothing for want of it', async () => {
    const { user } = await moved(PHR_ONLY.actions)
    expect(await user.client.policy.check.query({ scope: 'wallet:export' })).toMatchObject({
      decision: 'enroll',
      required: true,
    })
    expect(await user.client.policy.check.query({ scope: 'wallet:sign' })).toMatchObject({
      required: true,
    })
    await expectRefused(startEnrolling(user), 'step_up_required')
  })

  it('a recovery code links a passkey for the new one, and the old one can be removed', async () => {
    const { user, factorId, recoveryCodes } = await moved()
    const recover = async (code: string | undefined, scope: string) => {
      const verified = await user.client.challenge.verify.mutate({
        method: 'recovery',
        code: code ?? '',
        requestedScopes: [scope],
      })
      return verified.elevatedToken?.token
    }
    const device = makeDevice({ rpId: 'new.example', origin: 'https://new.example' })
    const linkToken = await recover(recoveryCodes[0], 'credential:link')
    await enrollPasskey(user, device, { ...(linkToken && { linkToken }) })
    const { factors } = await user.client.factor.list.query()
    expect(factors.map(({ passkey }) => passkey?.usable).sort()).toEqual([false, true])
    const unlink = await earnWithPasskey(user, device, 'credential:unlink')
    const left = await user.with(unlink).factor.remove.mutate({ factorId })
    expect(left.factors).toMatchObject([{ passkey: { usable: true } }])
  })
})

/** An answer to an enrollment with one member bent, and the fault that is recorded. */
const BENT_REGISTRATIONS: [string, Tamper, string][] = [
  ['from another origin', { origin: 'https://evil.example' }, 'not_verified'],
  ['from our origin in another scheme', { origin: 'http://app.example' }, 'not_verified'],
  ['from our origin with a slash', { origin: `${ORIGIN}/` }, 'not_verified'],
  ['for another relying party', { rpId: 'evil.example' }, 'not_verified'],
  ['for a parent of the relying party', { rpId: 'example' }, 'not_verified'],
  [
    'to another challenge',
    { challenge: base64urlnopad.encode(new Uint8Array(32)) },
    'not_verified',
  ],
  ['to an empty challenge', { challenge: '' }, 'not_verified'],
  ['of the other ceremony', { type: 'webauthn.get' }, 'not_verified'],
  ['without the user’s presence', { userPresent: false }, 'not_verified'],
  ['without the user’s verification', { userVerified: false }, 'not_verified'],
  ['with neither', { userPresent: false, userVerified: false }, 'not_verified'],
  ['from a frame of another origin', { crossOrigin: true }, 'cross_origin'],
  ['that names a top origin', { topOrigin: 'https://evil.example' }, 'cross_origin'],
  ['that names our own as its top origin', { topOrigin: ORIGIN }, 'cross_origin'],
  ['backed up though it never can be', { backedUp: true }, 'not_verified'],
  [
    'posted under another id than the attested one',
    { postedId: base64urlnopad.encode(new Uint8Array(32).fill(7)) },
    'id_mismatch',
  ],
  [
    'that attests another id than the posted one',
    { credentialId: base64urlnopad.encode(new Uint8Array(32).fill(7)) },
    'id_mismatch',
  ],
  ['with an id over 1,023 bytes', { idBytes: 1024 }, 'id_too_long'],
  ['with a key of an algorithm that was not asked for', { algorithm: 'ES384' }, 'not_verified'],
  ['cut short by one byte', { truncateAttestation: 1 }, 'not_verified'],
  ['cut short in its key', { truncateAttestation: 40 }, 'not_verified'],
  ['cut short in its id', { truncateAttestation: 90 }, 'not_verified'],
  ['with bytes added to its data', { authenticatorDataSuffix: Uint8Array.of(0) }, 'not_verified'],
]

describe('an answer to an enrollment', () => {
  it.each(BENT_REGISTRATIONS)('is rejected: %s', async (_what, tamper, fault) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const bent = await makeDevice().register(started.options, tamper)
    const refused = await expectRefused(finishEnrolling(user, started, bent), 'passkey_rejected')
    expect(refused).not.toHaveProperty('fault')
    const failures = await eventsOf(environment, user.subject, 'factor.confirm_failed')
    expect(failures.map(({ data }) => data)).toEqual([
      { method: 'passkey', reason: 'passkey_rejected', fault, factorId: started.factorId },
    ])
    expect((await user.client.factor.list.query()).factors).toEqual([])
    // The challenge was not used up: the same enrollment goes on.
    const right = await makeDevice().register(started.options)
    expect(await finishEnrolling(user, started, right)).toMatchObject({
      factor: { factorId: started.factorId },
    })
  })

  it.each([
    ['no JSON', 'e30x'],
    ['no object', base64urlnopad.encode(new TextEncoder().encode('null'))],
    ['a byte order mark', base64urlnopad.encode(new TextEncoder().encode('\ufeff{}'))],
    ['nothing in it', base64urlnopad.encode(new TextEncoder().encode('{}'))],
    ['bytes that are no text', base64urlnopad.encode(Uint8Array.of(0xff, 0xfe))],
  ])('is rejected with client data that are %s', async (_what, clientDataJSON) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const answer = await makeDevice().register(started.options)
    const bent = { ...answer, response: { ...answer.response, clientDataJSON } }
    await expectRefused(finishEnrolling(user, started, bent), 'passkey_rejected')
    await finishEnrolling(user, started, answer)
  })

  it('is rejected with an attestation that is no CBOR', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const answer = await makeDevice().register(started.options)
    for (const attestationObject of ['AA', 'oA', '____', 'v2NmbXQ']) {
      const bent = { ...answer, response: { ...answer.response, attestationObject } }
      await expectRefused(finishEnrolling(user, started, bent), 'passkey_rejected')
    }
    await finishEnrolling(user, started, answer)
  })

  it('confirms once: after that there is a conflict', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const response = await makeDevice().register(started.options)
    await finishEnrolling(user, started, response)
    await expectRefused(finishEnrolling(user, started, response), 'conflict')
    const other = await makeDevice().register(started.options)
    await expectRefused(finishEnrolling(user, started, other), 'conflict')
    expect((await user.client.factor.list.query()).factors).toHaveLength(1)
  })

  it('confirms once among twenty at the same time', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const response = await makeDevice().register(started.options)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => finishEnrolling(user, started, response)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect((await user.client.factor.list.query()).factors).toHaveLength(1)
  })

  it('finds no factor once its enrollment was ended', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const [first, second] = [await startEnrolling(user), await startEnrolling(user)]
    await finishEnrolling(user, first, await makeDevice().register(first.options))
    const response = await makeDevice().register(second.options)
    await expectRefused(finishEnrolling(user, second, response), 'factor_not_found')
  })

  it('comes too late after 300 seconds', async () => {
    const start = stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const [early, late] = [await startEnrolling(user), await startEnrolling(user)]
    expect(late.expiresAt).toBe(start + 300)
    const response = await makeDevice().register(late.options)
    advance(299)
    const bent = { ...response, id: 'AAAA', rawId: 'AAAA' }
    await expectRefused(finishEnrolling(user, late, bent), 'passkey_rejected')
    advance(1)
    await expectRefused(finishEnrolling(user, late, response), 'challenge_expired')
    const other = await makeDevice().register(early.options)
    await expectRefused(finishEnrolling(user, early, other), 'challenge_expired')
  })
})

/** What a test changes in the bytes of an answer, as hexadecimal digits. */
type Edit = (hex: string) => string

const inHex = (base64Url: string, edit: Edit): string =>
  Buffer.from(edit(Buffer.from(base64Url, 'base64url').toString('hex')), 'hex').toString(
    'base64url',
  )

describe('a key that no authenticator makes', () => {
  /** The head of a COSE key (RFC 9053): kty EC2, alg ES256, crv P-256. */
  const HEAD = '010203262001'
  const head =
    (changed: string): Edit =>
    (hex) =>
      hex.replace(HEAD, changed)
  const point =
    (x: (x: string) => string, y: (y: string, x: string) => string): Edit =>
    (hex) =>
      hex.replace(
        /215820(.{64})225820(.{64})/,
        (_all, left: string, right: string) => `215820${x(left)}225820${y(right, left)}`,
      )
  const same = (part: string) => part

  it.each<[string, Edit]>([
    ['of the kind of Ed25519 on a curve of another', head('010103262001')],
    ['that is symmetric', head('010403262001')],
    ['of a kind that there is not', head('010003262001')],
    ['that says RSA and has a point', head('010303262001')],
    ['that says EdDSA and has a point of P-256', head('010203272001')],
    ['that says ES256 and P-384', head('010203262002')],
    ['that says ES256 and secp256k1', head('010203262008')],
    ['that says ES256 and Ed25519', head('010203262006')],
    [
      'whose point is nothing',
      point(
        () => '0'.repeat(64),
        () => '0'.repeat(64),
      ),
    ],
    ['whose point lies beside the curve', point(same, (_y, x) => x)],
    ['whose point is beyond the field', point(() => 'f'.repeat(64), same)],
  ])('is not enrolled: one %s', async (_what, edit) => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const right = await makeDevice().register(started.options)
    const attestationObject = inHex(right.response.attestationObject, edit)
    expect(attestationObject).not.toBe(right.response.attestationObject)
    const bent = { ...right, response: { ...right.response, attestationObject } }
    await expectRefused(finishEnrolling(user, started, bent), 'passkey_rejected')
    expect(await user.client.factor.list.query()).toMatchObject({ factors: [], enrolled: false })
    expect(await finishEnrolling(user, started, right)).toHaveProperty('factor')
  })
})

/** An answer to a step-up with one member bent, and the fault that is recorded. */
const BENT_AUTHENTICATIONS: [string, Tamper, string][] = [
  ['from another origin', { origin: 'https://evil.example' }, 'not_verified'],
  [
    'from a page below ours that is not listed',
    { origin: 'https://x.app.example' },
    'not_verified',
  ],
  ['for another relying party', { rpId: 'evil.example' }, 'not_verified'],
  [
    'to another challenge',
    { challenge: base64urlnopad.encode(new Uint8Array(32)) },
    'not_verified',
  ],
  ['of the other ceremony', { type: 'webauthn.create' }, 'not_verified'],
  ['without the user’s presence', { userPresent: false }, 'not_verified'],
  ['without the user’s verification', { userVerified: false }, 'not_verified'],
  ['from a frame of another origin', { crossOrigin: true }, 'cross_origin'],
  ['that names a top origin', { topOrigin: 'https://evil.example' }, 'cross_origin'],
  ['whose eligibility for backup changed', { backupEligible: true }, 'backup_flag'],
  [
    'whose eligibility for backup changed, backed up',
    { backupEligible: true, backedUp: true },
    'backup_flag',
  ],
  ['backed up though it never can be', { backedUp: true }, 'not_verified'],
  [
    'for another user handle',
    { userHandle: base64urlnopad.encode(new Uint8Array(32)) },
    'user_handle',
  ],
  ['with a signature of zeros', { signature: new Uint8Array(64) }, 'not_verified'],
  ['with an empty DER sequence', { signature: Uint8Array.of(0x30, 0) }, 'not_verified'],
  ['with bytes added to its data', { authenticatorDataSuffix: Uint8Array.of(0) }, 'not_verified'],
  [
    'posted under an id that nobody has',
    { postedId: base64urlnopad.encode(new Uint8Array(32)) },
    'unknown_credential',
  ],
]

describe('an answer to a step-up', () => {
  it.each(BENT_AUTHENTICATIONS)(
    'is rejected once and for all: %s',
    async (_what, tamper, fault) => {
      const { environment, user, device, factorId } = await scene()
      const started = await startStepUp(user, EXPORT)
      const bent = await device.authenticate(started.options, tamper)
      await expectRefused(finishStepUp(user, started, bent), 'passkey_rejected')
      const failures = await eventsOf(environment, user.subject, 'step_up.failed')
      expect(failures.map(({ data }) => data)).toEqual([
        {
          method: 'passkey',
          reason: 'passkey_rejected',
          fault,
          ...(fault !== 'unknown_credential' && { factorId }),
        },
      ])
      const right = await device.authenticate(started.options)
      await expectRefused(finishStepUp(user, started, right), 'challenge_used')
      const view = await operator.subject.get.query({
        environment: environment.id,
        subject: user.subject,
      })
      expect(view).toMatchObject({ liveTokens: 0, attempts: { consecutiveFailures: 0 } })
      expect(await stepUpWithPasskey(user, device, EXPORT)).toMatchObject({ acr: 'phr' })
    },
  )

  it('is rejected when a synced passkey says that it became bound to its device', async () => {
    const { environment, user, device } = await scene({ synced: true })
    const started = await startStepUp(user)
    const bent = { backupEligible: false, backedUp: false }
    const response = await device.authenticate(started.options, bent)
    await expectRefused(finishStepUp(user, started, response), 'passkey_rejected')
    const [failure] = await eventsOf(environment, user.subject, 'step_up.failed')
    expect(failure?.data).toMatchObject({ fault: 'backup_flag' })
  })

  it('is rejected when its id and its raw id differ, before it is verified', async () => {
    const { environment, user, device } = await scene()
    const started = await startStepUp(user)
    const response = await device.authenticate(started.options)
    await expectRefused(
      finishStepUp(user, started, { ...response, rawId: 'AAAA' }),
      'passkey_rejected',
    )
    const [failed] = await eventsOf(environment, user.subject, 'step_up.failed')
    expect(failed?.data).toMatchObject({ fault: 'unknown_credential' })
  })

  it('is rejected when it was made with another user’s passkey, by whichever id', async () => {
    const { environment, user, device } = await scene()
    const mallory = await environment.user()
    const hers = makeDevice()
    await enrollPasskey(mallory, hers)
    const open = async () => {
      const started = await startStepUp(user)
      return { started, options: { challenge: started.options.challenge, rpId: 'app.example' } }
    }
    const first = await open()
    const own = await hers.authenticate(first.options)
    await expectRefused(finishStepUp(user, first.started, own), 'passkey_rejected')
    const second = await open()
    const renamed = await hers.authenticate(second.options, {
      postedId: device.credentials[0]?.id ?? '',
      userHandle: device.credentials[0]?.userHandle ?? '',
    })
    await expectRefused(finishStepUp(user, second.started, renamed), 'passkey_rejected')
    const faults = (await eventsOf(environment, user.subject, 'step_up.failed')).map(
      ({ data }) => data.fault,
    )
    expect(faults).toEqual(['unknown_credential', 'not_verified'])
  })

  it('is rejected when it was made with a passkey that was removed meanwhile', async () => {
    const { user, device } = await scene()
    const linkToken = await earnWithPasskey(user, device, 'credential:link')
    const other = makeDevice()
    const { factorId } = await enrollPasskey(user, other, { linkToken })
    const started = await startStepUp(user)
    const response = await other.authenticate(started.options)
    const unlink = await earnWithPasskey(user, device, 'credential:unlink')
    await user.with(unlink).factor.remove.mutate({ factorId })
    await expectRefused(finishStepUp(user, started, response), 'passkey_rejected')
  })
})

describe('a challenge', () => {
  it('is good for exactly its scopes and details', async () => {
    const { user, device } = await scene()
    const details = { to: 'bc1q', amount: '0.5' }
    const { elevatedToken } = await stepUpWithPasskey(user, device, ['wallet:sign'], details)
    expect(elevatedToken?.scopes).toEqual(['wallet:sign'])
    expect(partsOf(elevatedToken?.token ?? '').payload.authorization_details).toEqual([
      { ...details, type: 'wallet.waas.sign' },
    ])
    const bare = await stepUpWithPasskey(user, device)
    expect(bare).not.toHaveProperty('elevatedToken')
    const both = await stepUpWithPasskey(user, device, ['wallet:sign', 'wallet:export'])
    expect(both.elevatedToken?.scopes.toSorted()).toEqual(['wallet:export', 'wallet:sign'])
  })

  it('is not started for what cannot be granted', async () => {
    const { user } = await scene()
    await expectRefused(startStepUp(user, ['no:such']), 'scope_not_allowed')
    await expectRefused(startStepUp(user, ['wallet:sign', 'credential:link']), 'scope_not_allowed')
    await expectRefused(startStepUp(user, undefined, { a: 1 }), 'scope_not_allowed')
  })

  it('is not started for a user without a passkey', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    await expectRefused(startStepUp(user), 'enrollment_required')
    await enrollTotp(user)
    await expectRefused(startStepUp(user), 'enrollment_required')
  })

  it('is answered once, also by the same answer', async () => {
    const { environment, user, device } = await scene()
    const started = await startStepUp(user, EXPORT)
    const [response, second] = [
      await device.authenticate(started.options),
      await device.authenticate(started.options),
    ]
    await finishStepUp(user, started, response)
    await expectRefused(finishStepUp(user, started, response), 'challenge_used')
    await expectRefused(finishStepUp(user, started, second), 'challenge_used')
    const failures = await eventsOf(environment, user.subject, 'step_up.failed')
    expect(failures.map(({ data }) => data.reason)).toEqual(['challenge_used', 'challenge_used'])
  })

  it.each([1, 2, 3])('is answered once among ten answers at a time (round %i)', async () => {
    const { user, device } = await scene({ counting: false })
    const started = await startStepUp(user, EXPORT)
    const response = await device.authenticate(started.options)
    const outcomes = await Promise.allSettled(
      Array.from({ length: 10 }, () => finishStepUp(user, started, response)),
    )
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
  })

  it('expires after 300 seconds', async () => {
    const start = stopClock()
    const { user, device } = await scene()
    const [last, late] = [await startStepUp(user, EXPORT), await startStepUp(user, EXPORT)]
    expect(late.expiresAt).toBe(start + 300)
    const [inTime, tooLate] = [
      await device.authenticate(last.options),
      await device.authenticate(late.options),
    ]
    advance(299)
    expect(await finishStepUp(user, last, inTime)).toMatchObject({ authTime: start + 299 })
    advance(1)
    await expectRefused(finishStepUp(user, late, tooLate), 'challenge_expired')
  })

  it('is good for its user alone', async () => {
    const { environment, user, device } = await scene()
    const mallory = await environment.user()
    const hers = makeDevice()
    await enrollPasskey(mallory, hers)
    const started = await startStepUp(user, EXPORT)
    const { challenge, rpId } = started.options
    const response = await hers.authenticate({ challenge, rpId })
    await expectRefused(finishStepUp(mallory, started, response), 'passkey_rejected')
    const right = await device.authenticate(started.options)
    expect(await finishStepUp(user, started, right)).toMatchObject({ acr: 'phr' })
  })

  it('is good in its environment alone, also for a user of the same name', async () => {
    const { user } = await scene()
    const elsewhere = await makeEnvironment()
    const namesake = await elsewhere.user({ sub: user.subject })
    const device = makeDevice()
    await enrollPasskey(namesake, device)
    const started = await startStepUp(user, EXPORT)
    const { challenge, rpId } = started.options
    const response = await device.authenticate({ challenge, rpId })
    await expectRefused(finishStepUp(namesake, started, response), 'passkey_rejected')
  })

  it('is good for its purpose alone', async () => {
    const { user, device } = await scene()
    const link = await earnWithPasskey(user, device, 'credential:link')
    const enrolling = await startEnrolling(user, link)
    const stepping = await startStepUp(user, EXPORT)
    const signed = await device.authenticate({
      challenge: enrolling.options.challenge,
      rpId: 'app.example',
    })
    await expectRefused(finishStepUp(user, enrolling, signed), 'passkey_rejected')
    const made = await makeDevice().register({
      ...enrolling.options,
      challenge: stepping.options.challenge,
    })
    const { factorId } = enrolling
    const mixed = { factorId, challenge: stepping.challenge }
    await expectRefused(finishEnrolling(user, mixed, made), 'passkey_rejected')
    await finishEnrolling(user, enrolling, await makeDevice().register(enrolling.options))
  })

  it('is good for its enrollment alone', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const [one, two] = [await startEnrolling(user), await startEnrolling(user)]
    const response = await makeDevice().register(two.options)
    const mixed = { factorId: one.factorId, challenge: two.challenge }
    await expectRefused(finishEnrolling(user, mixed, response), 'passkey_rejected')
    await finishEnrolling(user, two, response)
  })

  it('is good as it was given alone', async () => {
    const { user, device } = await scene()
    const started = await startStepUp(user, EXPORT)
    const response = await device.authenticate(started.options)
    const [body = '', mac = ''] = started.challenge.split('.')
    const statement = new TextDecoder().decode(base64urlnopad.decode(body))
    const widened = statement.replace('wallet:export', 'wallet:sign')
    expect(widened).not.toBe(statement)
    const forged = `${base64urlnopad.encode(new TextEncoder().encode(widened))}.${mac}`
    for (const challenge of [forged, body, `${body}.`, `.${mac}`, `${started.challenge}A`, 'x']) {
      await expectRefused(finishStepUp(user, { challenge }, response), 'passkey_rejected')
    }
    await finishStepUp(user, started, response)
  })
})

describe('the counter of a passkey', () => {
  const answer = async ({ user, device }: Awaited<ReturnType<typeof scene>>, counter: number) => {
    const started = await startStepUp(user, EXPORT)
    return finishStepUp(user, started, await device.authenticate(started.options, { counter }))
  }

  it.each([
    ['repeats', 7],
    ['falls', 6],
    ['falls to nothing', 0],
  ])('is refused and recorded when it %s', async (_what, counter) => {
    const at = await scene()
    await answer(at, 7)
    await expectRefused(answer(at, counter), 'passkey_rejected')
    const failures = await eventsOf(at.environment, at.user.subject, 'step_up.failed')
    expect(failures.map(({ data }) => data)).toEqual([
      {
        method: 'passkey',
        reason: 'passkey_rejected',
        fault: 'counter',
        factorId: at.factorId,
      },
    ])
    expect(await answer(at, 8)).toMatchObject({ acr: 'phr' })
    expect(await answer(at, 0xffffffff)).toMatchObject({ acr: 'phr' })
    await expectRefused(answer(at, 9), 'passkey_rejected')
  })

  it('may stay at nothing for ever', async () => {
    const at = await scene({ counting: false })
    await answer(at, 0)
    expect(await answer(at, 0)).toMatchObject({ acr: 'phr' })
  })

  it.each([1, 2, 3, 4, 5])('lets one of two simultaneous answers through (round %i)', async () => {
    const at = await scene()
    await answer(at, 3)
    const outcomes = await Promise.allSettled([answer(at, 4), answer(at, 4)])
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    const [failure, ...more] = await eventsOf(at.environment, at.user.subject, 'step_up.failed')
    expect(failure?.data).toMatchObject({ fault: 'counter' })
    expect(more).toEqual([])
  })
})

describe('a credential id', () => {
  /** A second user of the environment, who claims the id of the first one’s passkey. */
  async function claimed() {
    const at = await scene()
    const mallory = await at.environment.user()
    const id = at.device.credentials[0]?.id ?? ''
    const take = async () => {
      const started = await startEnrolling(mallory)
      const tamper = { credentialId: id, postedId: id }
      return finishEnrolling(mallory, started, await makeDevice().register(started.options, tamper))
    }
    return { ...at, mallory, take }
  }

  it('belongs to one user of an environment', async () => {
    const { environment, user, device, mallory, take } = await claimed()
    await expectRefused(take(), 'passkey_rejected')
    const [failure] = await eventsOf(environment, mallory.subject, 'factor.confirm_failed')
    expect(failure?.data).toMatchObject({ fault: 'credential_taken' })
    expect(await stepUpWithPasskey(user, device)).toMatchObject({ acr: 'phr' })
  })

  it('is free again after the passkey was removed', async () => {
    const { user, device, factorId, take } = await claimed()
    const unlink = await earnWithPasskey(user, device, 'credential:unlink')
    await user.with(unlink).factor.remove.mutate({ factorId })
    expect(await take()).toMatchObject({ factor: { kind: 'passkey' } })
  })

  it('is free again after an operator reset its user', async () => {
    const { environment, user, take } = await claimed()
    const whom = { environment: environment.id, subject: user.subject }
    await operator.subject.resetFactors.mutate(whom)
    expect(await take()).toMatchObject({ factor: { kind: 'passkey' } })
  })

  it('is free in another environment', async () => {
    const { device } = await scene()
    const elsewhere = await makeEnvironment()
    const user = await elsewhere.user()
    const id = device.credentials[0]?.id ?? ''
    const tamper = { credentialId: id, postedId: id }
    expect(await enrollPasskey(user, makeDevice(), { tamper })).toMatchObject({
      factor: { kind: 'passkey' },
    })
  })

  it('goes to one of two users who enroll it at the same time', async () => {
    const environment = await makeEnvironment()
    const id = base64urlnopad.encode(crypto.getRandomValues(new Uint8Array(32)))
    const tamper = { credentialId: id, postedId: id }
    const outcomes = await Promise.allSettled(
      [await environment.user(), await environment.user()].map((user) =>
        enrollPasskey(user, makeDevice(), { tamper }),
      ),
    )
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
  })

  it('is not kept by an enrollment that was refused in the end', async () => {
    const environment = await makeEnvironment()
    const [user, other] = [await environment.user(), await environment.user()]
    const started = await startEnrolling(user)
    const id = base64urlnopad.encode(crypto.getRandomValues(new Uint8Array(32)))
    const tamper = { credentialId: id, postedId: id }
    const right = await makeDevice().register(started.options)
    const wrong = await makeDevice().register(started.options, tamper)
    const outcomes = await Promise.allSettled([
      finishEnrolling(user, started, right),
      finishEnrolling(user, started, wrong),
    ])
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    const { factors } = await user.client.factor.list.query()
    expect(factors).toHaveLength(1)
    if (outcomes[0]?.status !== 'fulfilled') return
    expect(await enrollPasskey(other, makeDevice(), { tamper })).toMatchObject({
      factor: { kind: 'passkey' },
    })
  })
})

describe('how often passkeys may fail', () => {
  it('is thirty times a minute for a session, and never locks', async () => {
    stopClock()
    const { environment, user, device } = await scene()
    const fail = async () => {
      const started = await startStepUp(user)
      const bent = await device.authenticate(started.options, { userVerified: false })
      return finishStepUp(user, started, bent)
    }
    for (let count = 0; count < 30; count += 1) await expectRefused(fail(), 'passkey_rejected')
    const refused = await expectRefused(fail(), 'rate_limited')
    expect(refused.retryAfterSeconds).toBe(60)
    const started = await startStepUp(user, EXPORT)
    const right = await device.authenticate(started.options)
    await expectRefused(finishStepUp(user, started, right), 'rate_limited')
    advance(60)
    expect(await finishStepUp(user, started, right)).toMatchObject({ acr: 'phr' })
    const whom = { environment: environment.id, subject: user.subject }
    expect(await operator.subject.get.query(whom)).toMatchObject({
      attempts: { consecutiveFailures: 0, failuresLastDay: 0, locked: false, retryAt: null },
    })
    const events = await historyAfterTheHour(environment.id, user.subject)
    const [barred, ...more] = events.filter(({ type }) => type === 'attempts.refused')
    expect(barred?.data).toMatchObject({ reason: 'rate_limited', method: 'passkey', count: 2 })
    expect(more).toEqual([])
  })

  it('does not count those that pass', async () => {
    const { user, device } = await scene()
    for (let count = 0; count < 35; count += 1) {
      expect(await stepUpWithPasskey(user, device)).toMatchObject({ acr: 'phr' })
    }
  })

  it('holds for fifty at the same time', async () => {
    stopClock()
    const { user, device } = await scene()
    const started = await Promise.all(Array.from({ length: 50 }, () => startStepUp(user)))
    const outcomes = await Promise.all(
      started.map(async (one) => {
        const bent = await device.authenticate(one.options, { userVerified: false })
        return finishStepUp(user, one, bent).then(
          () => 'passed',
          (error) => error.data.reason,
        )
      }),
    )
    expect(outcomes.filter((reason) => reason === 'passkey_rejected')).toHaveLength(30)
    expect(outcomes.filter((reason) => reason === 'rate_limited')).toHaveLength(20)
  })

  it('holds for enrollments too', async () => {
    stopClock()
    const environment = await makeEnvironment()
    const user = await environment.user()
    const started = await startEnrolling(user)
    const bent = await makeDevice().register(started.options, { userVerified: false })
    for (let count = 0; count < 30; count += 1) {
      await expectRefused(finishEnrolling(user, started, bent), 'passkey_rejected')
    }
    const right = await makeDevice().register(started.options)
    await expectRefused(finishEnrolling(user, started, right), 'rate_limited')
    advance(60)
    await finishEnrolling(user, started, right)
  })
})

describe('passkeys and codes', () => {
  /** A user with both. */
  async function both(settings: Parameters<typeof makeEnvironment>[0] = {}) {
    const environment = await makeEnvironment(settings)
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const device = makeDevice()
    const { token: linkToken } = await stepUp(user, secret, ['credential:link'])
    await enrollPasskey(user, device, { linkToken })
    const guess = () =>
      user.client.challenge.verify.mutate({ method: 'totp', code: wrongCode(secret) })
    const whom = { environment: environment.id, subject: user.subject }
    const attempts = async () => (await operator.subject.get.query(whom)).attempts
    return { environment, user, secret, device, guess, attempts }
  }

  it('end a wait of the codes by a passkey, which the wait does not hold up', async () => {
    stopClock()
    const { user, secret, device, guess } = await both()
    for (let count = 0; count < 5; count += 1) await expectRefused(guess(), 'invalid_code')
    await expectRefused(guess(), 'rate_limited')
    await stepUpWithPasskey(user, device)
    advance(30)
    await stepUp(user, secret, EXPORT)
    expect(await expectRefused(guess(), 'invalid_code')).toMatchObject({ attemptsLeft: 4 })
  })

  it('end the lock of the codes by a passkey', async () => {
    stopClock()
    const { user, secret, device, guess, attempts } = await both()
    while (!(await attempts()).locked) {
      await expectRefused(guess(), 'invalid_code')
      const { retryAt } = await attempts()
      if (retryAt) advance(retryAt - now())
      await user.signIn({})
    }
    expect(await attempts()).toMatchObject({ failuresLastMonth: 100, locked: true })
    await expectRefused(guess(), 'locked')
    await stepUpWithPasskey(user, device)
    expect(await attempts()).toEqual({
      consecutiveFailures: 0,
      failuresLastDay: 0,
      failuresLastMonth: 0,
      locked: false,
      retryAt: null,
    })
    expect(await stepUp(user, secret, EXPORT)).toMatchObject({ acr: 'mfa' })
  })

  it('are not the same to a rule for passkeys, which refuses a code without counting it', async () => {
    stopClock()
    const { user, secret, device, guess, attempts } = await both(PHR_ONLY)
    advance(30)
    await expectRefused(guess(), 'invalid_code')
    const before = await attempts()
    for (const code of [wrongCode(secret), totpCode(secret)]) {
      const verify = { method: 'totp', code, requestedScopes: EXPORT } as const
      const refused = await expectRefused(
        user.client.challenge.verify.mutate(verify),
        'method_not_allowed',
      )
      expect(refused.requirement).toMatchObject({ methods: ['passkey'], acr: 'phr' })
    }
    expect(await attempts()).toEqual(before)
    expect(await user.client.policy.check.query({ scope: 'wallet:export' })).toMatchObject({
      decision: 'step_up',
      methods: ['passkey'],
      acr: 'phr',
    })
    await stepUp(user, secret, ['wallet:sign'])
    expect((await stepUpWithPasskey(user, device, EXPORT)).elevatedToken).toMatchObject({
      acr: 'phr',
    })
  })
})
