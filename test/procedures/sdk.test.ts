// The SDK with the service and a guarded API: what it returns, sends, stores and removes.
import { describe, expect, it, vi } from 'vitest'
import * as sdk from '../../client/index.ts'
import { at, makeApplication } from '../support/application.ts'
import { enrollPasskey, makeDevice } from '../support/ceremonies.ts'
import { enrollTotp, operator, stepUp, totpCode, viaWorker, wrongCode } from '../support/service.ts'

const { MFAAction, TokenScope } = sdk
const exporting = { mfaAction: MFAAction.WalletWaasExport, method: 'POST' } as const

/** The error of something that must fail, as an application sees it. */
async function failure(run: Promise<unknown>): Promise<sdk.CountersignError> {
  const error = await run.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!sdk.isCountersignError(error)) throw error ?? new Error('it did not fail')
  return error
}

/** An enrolled user in front of a page. */
async function enrolledPage(settings = {}, more = {}) {
  const application = await makeApplication(settings)
  const user = await application.environment.user()
  const factor = await enrollTotp(user)
  return { application, user, ...factor, ...application.page(user, more) }
}

const details = { to: '0xabc', value: '1' }
const signing = {
  mfaAction: MFAAction.WalletWaasSign,
  method: 'POST',
  body: JSON.stringify(details),
} as const

describe('after the relying party has changed', () => {
  it('a passkey for the old one is listed, and offered for nothing', async () => {
    const { instance, user, secret, factorId, application } = await enrolledPage()
    const { token } = await stepUp(user, secret, ['credential:link'])
    await enrollPasskey(user, makeDevice(), { linkToken: token })
    const { id, document } = application.environment
    const moved = { rpId: 'new.example', origins: ['https://new.example'] }
    const settings = { ...document, ...moved }
    await operator.environment.update.mutate({ environment: id, settings, version: 1 })
    const devices = await sdk.getMfaDevices(instance)
    expect(devices.flatMap(({ passkey }) => passkey?.usable ?? [])).toEqual([false])
    const { credentials } = await sdk.checkStepUpAuth({ scope: 'wallet:export' }, instance)
    expect(credentials.map((credential) => credential.id)).toEqual([factorId])
  })
})

it('names the origin to list where the page’s own is not', async () => {
  const application = await makeApplication()
  const user = await application.environment.user()
  const fromElsewhere: typeof fetch = (input, init) => {
    const headers = new Headers(init?.headers)
    headers.set('origin', 'http://localhost:5173')
    return viaWorker(input, { ...init, headers })
  }
  const { instance } = application.page(user, { fetch: fromElsewhere })
  const error = await failure(sdk.getMfaDevices(instance))
  expect(error.reason).toBe('origin_not_allowed')
  expect(error.message).toBe(
    "This page's origin http://localhost:5173 is not in the environment's origins. Add it in the dashboard under Settings.",
  )
})

describe('asking whether a step-up is needed', () => {
  it('asks the server each time', async () => {
    const { instance, calledFor } = await enrolledPage()
    const asked = { mfaAction: MFAAction.WalletWaasExport }
    expect(await sdk.isMfaRequiredForAction(asked, instance)).toBe(true)
    expect(await sdk.isMfaRequiredForAction(asked, instance)).toBe(true)
    expect(calledFor('policy.check')).toBe(2)
  })

  it('says no to a user who never enrolled', async () => {
    const { environment, page } = await makeApplication()
    const { instance } = page(await environment.user())
    expect(
      await sdk.isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport }, instance),
    ).toBe(false)
  })

  it('answers without a call while a fitting token is at hand', async () => {
    const { instance, secret, calledFor } = await enrolledPage()
    const requestedScopes = [TokenScope.Walletexport]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    expect(
      await sdk.isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport }, instance),
    ).toBe(false)
    expect(await sdk.checkStepUpAuth({ scope: 'wallet:export' }, instance)).toEqual({
      isRequired: false,
      credentials: [],
    })
    expect(calledFor('policy.check')).toBe(0)
    expect(
      await sdk.isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasSign }, instance),
    ).toBe(true)
  })

  it.each([
    [
      'the network is cut',
      (page: Awaited<ReturnType<typeof enrolledPage>>) => (page.state.cut = true),
    ],
    [
      'nobody is signed in',
      (page: Awaited<ReturnType<typeof enrolledPage>>) => (page.state.user = undefined),
    ],
  ])('says yes when %s', async (_, happens) => {
    const page = await enrolledPage()
    happens(page)
    expect(
      await sdk.isMfaRequiredForAction({ mfaAction: MFAAction.WalletWaasExport }, page.instance),
    ).toBe(true)
    const auth = await sdk.checkStepUpAuth({ scope: TokenScope.Walletexport }, page.instance)
    expect(auth).toMatchObject({ isRequired: true, credentials: [] })
    expect(sdk.isCountersignError(auth.cause)).toBe(true)
  })

  it('says yes to an action that there is not', async () => {
    const { instance } = await enrolledPage()
    expect(await sdk.isMfaRequiredForAction({ mfaAction: 'no.such' }, instance)).toBe(true)
  })

  it.each([{}, null, { required: 'no' }])(
    'says yes if the response is malformed: %j',
    async (data) => {
      const { instance } = await enrolledPage(
        {},
        { fetch: async () => Response.json({ result: { data } }) },
      )
      expect(await sdk.isMfaRequiredForAction({ scope: 'wallet:export' }, instance)).toBe(true)
    },
  )

  it('names the factors that are good enough', async () => {
    const { instance, factorId } = await enrolledPage()
    expect(await sdk.checkStepUpAuth({ scope: TokenScope.Walletexport }, instance)).toMatchObject({
      isRequired: true,
      credentials: [{ id: factorId, type: 'totp', isDefault: true }],
      defaultCredentialId: factorId,
    })
  })
})

describe('calling the API', () => {
  it('sends the session and the token of the action, once', async () => {
    const { instance, secret, application, calledFor } = await enrolledPage()
    const requestedScopes = [TokenScope.Walletexport]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const response = await sdk.countersignFetch(at('/export'), exporting, instance)
    expect(await response.json()).toEqual({ done: 'wallet.waas.export' })
    expect(instance.tokens.list()).toEqual([])
    await expect(sdk.countersignFetch(at('/export'), exporting, instance)).rejects.toThrow(
      sdk.StepUpRequiredError,
    )
    expect(application.done).toHaveLength(1)
    expect(calledFor('/export')).toBe(2)
  })

  it('lets one of many simultaneous calls have a single-use token', async () => {
    const { instance, secret, application } = await enrolledPage()
    const requestedScopes = [TokenScope.Walletexport]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const calls = Array.from({ length: 10 }, () =>
      sdk.countersignFetch(at('/export'), exporting, instance),
    )
    const outcomes = await Promise.allSettled(calls)
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    expect(application.done).toHaveLength(1)
  })

  it('makes a challenge a typed error with what to verify', async () => {
    const { instance } = await enrolledPage()
    const error = await failure(
      sdk.countersignFetch(at('/sign'), { ...signing, details }, instance),
    )
    expect(sdk.isStepUpRequired(error)).toBe(true)
    expect(error).toMatchObject({
      reason: 'step_up_required',
      scope: 'wallet:sign',
      acr: 'mfa',
      details,
      requirement: { action: 'wallet.waas.sign' },
    })
    expect(error.requirement?.methods).toContain('totp')
  })

  it('gives a token with details to the call with these details alone', async () => {
    const { instance, secret, application } = await enrolledPage()
    const requestedScopes = [TokenScope.Walletsign]
    await sdk.authenticateTotpMfaDevice(
      { code: totpCode(secret), requestedScopes, details },
      instance,
    )
    const other = { ...details, value: '2' }
    const wrong = { ...signing, body: JSON.stringify(other), details: other }
    await expect(sdk.countersignFetch(at('/sign'), wrong, instance)).rejects.toThrow()
    const right = await sdk.countersignFetch(at('/sign'), { ...signing, details }, instance)
    expect(right.status).toBe(200)
    expect(application.done).toEqual([
      expect.objectContaining({ action: 'wallet.waas.sign', details }),
    ])
  })

  it('keeps the token when fetch was never called, and gives it up when it was', async () => {
    const { instance, secret, state } = await enrolledPage()
    const requestedScopes = [TokenScope.Walletexport]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const held = () => instance.tokens.list().length
    await expect(sdk.countersignFetch('no address', exporting, instance)).rejects.toThrow(TypeError)
    expect(held()).toBe(1)
    const aborted = { ...exporting, signal: AbortSignal.abort() }
    await expect(sdk.countersignFetch(at('/export'), aborted, instance)).rejects.toThrow()
    expect(held()).toBe(1)
    state.cut = true
    await expect(sdk.countersignFetch(at('/export'), exporting, instance)).rejects.toThrow('cut')
    expect(held()).toBe(0)
  })

  it('keeps a reusable token for the next call, until the API refuses it', async () => {
    const { instance, secret, user, application, state } = await enrolledPage()
    const updating = { mfaAction: MFAAction.UserUpdate, method: 'POST' } as const
    const requestedScopes = [TokenScope.Userupdate]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    for (let use = 0; use < 2; use += 1) {
      expect((await sdk.countersignFetch(at('/update'), updating, instance)).status).toBe(200)
    }
    const sent = state.calls.findLast(({ url }) => url.endsWith('/update'))
    const token = sent?.headers.get('countersign-token') ?? ''
    await user.client.token.revoke.mutate({ token })
    const error = await failure(sdk.countersignFetch(at('/update'), updating, instance))
    expect(error.reason).toBe('token_revoked')
    expect(instance.tokens.list()).toEqual([])
    expect(application.done).toHaveLength(2)
  })

  it('does not carry a token on to where a redirect leads', async () => {
    const { instance, state } = await enrolledPage()
    await sdk.countersignFetch(at('/away'), exporting, instance)
    expect(state.calls.some(({ url }) => url.includes('elsewhere'))).toBe(false)
  })

  it('leaves the authorization of the application alone', async () => {
    const { instance } = await enrolledPage()
    const told = async (init: object) => {
      const response = await sdk.countersignFetch(at('/open'), { ...exporting, ...init }, instance)
      return ((await response.json()) as { headers: Record<string, string> }).headers
    }
    expect((await told({})).authorization).toMatch(/^Bearer eyJ/)
    expect((await told({ headers: { authorization: 'Basic abc' } })).authorization).toBe(
      'Basic abc',
    )
  })

  it('sends no session where the application says so', async () => {
    const { instance } = await enrolledPage({}, { sendSession: false })
    const response = await sdk.countersignFetch(at('/open'), exporting, instance)
    expect(await response.json()).not.toHaveProperty('headers.authorization')
  })

  it('knows the scope of an action that an operator added', async () => {
    const { instance, secret } = await enrolledPage({
      actions: [{ action: 'order.refund', scope: 'orders:refund' }],
    })
    const requestedScopes = ['orders:refund']
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const refunding = { mfaAction: 'order.refund', method: 'POST' } as const
    const response = await sdk.countersignFetch(at('/open'), refunding, instance)
    expect(await response.json()).toHaveProperty('headers.countersign-token')
  })
})

describe('the deprecated tokens', () => {
  it.each([
    ['createMfaTokenOptions', { createMfaTokenOptions: { singleUse: true } }],
    ['createMfaToken', { createMfaToken: { singleUse: true } }],
  ])('work from end to end with %s', async (_, order) => {
    const { instance, secret, application } = await enrolledPage()
    const result = await sdk.authenticateTotpMfaDevice(
      { code: totpCode(secret), ...order },
      instance,
    )
    expect(result).toHaveProperty('mfaToken.singleUse', true)
    expect((await sdk.countersignFetch(at('/export'), exporting, instance)).status).toBe(200)
    await expect(sdk.countersignFetch(at('/export'), exporting, instance)).rejects.toThrow()
    expect(application.done).toHaveLength(1)
  })

  it('are handed out once by consumeMfaToken', async () => {
    const { instance, secret, calledFor } = await enrolledPage()
    const createMfaTokenOptions = { singleUse: true }
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), createMfaTokenOptions }, instance)
    const before = calledFor('trpc')
    expect(await sdk.consumeMfaToken(instance)).toMatch(/^eyJ/)
    expect(await sdk.consumeMfaToken(instance)).toBeUndefined()
    expect(calledFor('trpc')).toBe(before)
  })

  it('stand behind the elevated token of the scope', async () => {
    const { instance, secret } = await enrolledPage()
    await sdk.authenticateTotpMfaDevice(
      {
        code: totpCode(secret),
        requestedScopes: [TokenScope.Walletexport],
        createMfaTokenOptions: { singleUse: true },
      },
      instance,
    )
    await sdk.countersignFetch(at('/export'), exporting, instance)
    expect(instance.tokens.list().map(({ scopes }) => scopes)).toEqual([[]])
  })
})

describe('withStepUp', () => {
  it('checks, asks, verifies, and runs once', async () => {
    const { instance, secret, factorId, application } = await enrolledPage()
    const prompt = vi.fn(async () => ({ method: 'totp', code: totpCode(secret) }) as const)
    const run = vi.fn((fetch: sdk.StepUpFetch) => fetch(at('/export'), { method: 'POST' }))
    const response = await sdk.withStepUp(MFAAction.WalletWaasExport, run, { prompt }, instance)
    expect(response.status).toBe(200)
    expect(prompt).toHaveBeenCalledExactlyOnceWith(
      expect.objectContaining({
        action: 'wallet.waas.export',
        scope: 'wallet:export',
        defaultCredentialId: factorId,
        enroll: false,
      }),
    )
    expect(run).toHaveBeenCalledTimes(1)
    expect(application.done).toHaveLength(1)
  })

  it('asks nobody who need not be asked', async () => {
    const { environment, page, done } = await makeApplication()
    const { instance } = page(await environment.user())
    const prompt = vi.fn()
    await sdk.withStepUp(
      MFAAction.WalletWaasExport,
      (fetch) => fetch(at('/export'), { method: 'POST' }),
      { prompt },
      instance,
    )
    expect(prompt).not.toHaveBeenCalled()
    expect(done).toHaveLength(1)
  })

  it('runs nothing when the user cancels', async () => {
    const { instance } = await enrolledPage()
    const run = vi.fn()
    const cancelled = sdk.withStepUp(MFAAction.UserUpdate, run, { prompt: () => null }, instance)
    expect((await failure(cancelled)).reason).toBe('cancelled')
    expect(run).not.toHaveBeenCalled()
  })

  it('runs nothing after a wrong code, and asks no second time', async () => {
    const { instance, secret } = await enrolledPage()
    const run = vi.fn()
    const prompt = vi.fn(() => ({ method: 'totp', code: wrongCode(secret) }) as const)
    const failed = await failure(sdk.withStepUp(MFAAction.UserUpdate, run, { prompt }, instance))
    expect(failed.reason).toBe('invalid_code')
    expect(prompt).toHaveBeenCalledTimes(1)
    expect(run).not.toHaveBeenCalled()
  })

  it('answers the challenge of the API once, never in a loop', async () => {
    const { instance } = await enrolledPage()
    const elsewhere = await enrolledPage()
    const prompt = vi.fn(() => ({ verified: true }) as const)
    // The API keeps asking: it belongs to another environment, where nobody was verified.
    const run = vi.fn(() => sdk.countersignFetch(at('/export'), exporting, elsewhere.instance))
    const failed = await failure(
      sdk.withStepUp(MFAAction.WalletWaasExport, run, { prompt }, instance),
    )
    expect(failed.reason).toBe('step_up_required')
    expect(run).toHaveBeenCalledTimes(2)
    expect(prompt).toHaveBeenCalledTimes(2)
  })

  it('steps up after all where the token at hand was not good any more', async () => {
    const { instance, secret, user } = await enrolledPage()
    const requestedScopes = [TokenScope.Userupdate]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const [held] = instance.tokens.list()
    await user.client.token.revoke.mutate({ token: held?.token ?? '' })
    const prompt = vi.fn(async () => null)
    const run = (fetch: sdk.StepUpFetch) => fetch(at('/update'), { method: 'POST' })
    const failed = await failure(sdk.withStepUp(MFAAction.UserUpdate, run, { prompt }, instance))
    expect(failed.reason).toBe('cancelled')
    expect(prompt).toHaveBeenCalledTimes(1)
  })

  it('verifies for its own action alone, whatever the API asks for', async () => {
    const { instance } = await enrolledPage()
    const asked: string[] = []
    const prompt = ({ scope }: sdk.StepUpRequest) => {
      asked.push(scope)
      return { verified: true } as const
    }
    const requirement = {
      action: 'wallet.waas.export',
      scope: 'wallet:export',
      methods: ['totp' as const],
      acr: 'mfa' as const,
      freshnessSeconds: 300,
      details: 'none' as const,
    }
    const run = () =>
      Promise.reject(new sdk.StepUpRequiredError('step_up_required', 'Step up.', requirement))
    await failure(sdk.withStepUp(MFAAction.UserUpdate, run, { prompt }, instance))
    expect(asked).toEqual(['user:update', 'user:update'])
  })

  it('binds the token to the details that the action runs with', async () => {
    const { instance, secret, application } = await enrolledPage()
    const body = JSON.stringify(details)
    await sdk.withStepUp(
      MFAAction.WalletWaasSign,
      (fetch) => fetch(at('/sign'), { method: 'POST', body }),
      { details, prompt: () => ({ method: 'totp', code: totpCode(secret) }) },
      instance,
    )
    expect(application.done).toEqual([
      expect.objectContaining({ action: 'wallet.waas.sign', details }),
    ])
  })

  it('throws where the rule requires details and none were given, without asking', async () => {
    const rule = { actions: [{ action: 'user.update', base: { details: 'required' as const } }] }
    const { instance } = await enrolledPage(rule)
    const { application } = await enrolledPage({
      actions: [{ action: 'user.update', base: { ...rule.actions[0]?.base, require: 'always' } }],
    })
    const newcomer = application.page(await application.environment.user()).instance
    const prompt = vi.fn()
    const run = vi.fn()
    for (const one of [instance, newcomer]) {
      const failed = await failure(sdk.withStepUp(MFAAction.UserUpdate, run, { prompt }, one))
      expect(failed.reason).toBe('details_required')
      expect(failed.message).toContain('`details`')
    }
    expect(prompt).not.toHaveBeenCalled()
    expect(run).not.toHaveBeenCalled()
  })

  it('throws where the API binds what it does and the page names no details', async () => {
    const { instance } = await enrolledPage()
    const prompt = vi.fn(() => ({ verified: true }) as const)
    const run = vi.fn((fetch: sdk.StepUpFetch) =>
      fetch(at('/sign'), { method: 'POST', body: JSON.stringify(details) }),
    )
    const failed = await failure(
      sdk.withStepUp(MFAAction.WalletWaasSign, run, { prompt }, instance),
    )
    expect(failed.reason).toBe('details_required')
    expect(prompt).toHaveBeenCalledTimes(1)
    expect(run).toHaveBeenCalledTimes(1)
  })

  it('throws what the rule denies, without asking', async () => {
    const { instance } = await enrolledPage({
      actions: [{ action: 'user.update', base: { require: 'deny' } }],
    })
    const prompt = vi.fn()
    const failed = await failure(
      sdk.withStepUp(MFAAction.UserUpdate, vi.fn(), { prompt }, instance),
    )
    expect(failed.reason).toBe('denied')
    expect(prompt).not.toHaveBeenCalled()
  })
})

describe('users', () => {
  it('sends no token of one user after another signed in', async () => {
    const { instance, secret, application, state } = await enrolledPage()
    const requestedScopes = [TokenScope.Walletexport]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const other = await application.environment.user()
    await enrollTotp(other)
    state.user = other
    await expect(sdk.countersignFetch(at('/export'), exporting, instance)).rejects.toThrow()
    expect(instance.tokens.list()).toEqual([])
    const sent = state.calls.findLast(({ url }) => url.endsWith('/export'))
    expect(sent?.headers.has('countersign-token')).toBe(false)
  })

  it('keeps no token of a user who left while it was earned', async () => {
    const { application, user, secret } = await enrolledPage()
    const other = await application.environment.user()
    // Once before the call and once for it; then somebody else is signed in.
    const signedIn = [user, user]
    const getSessionToken = () => (signedIn.pop() ?? other).bearer()
    const { instance } = application.page(user, { getSessionToken })
    const wish = { code: totpCode(secret), requestedScopes: [TokenScope.Walletexport] }
    expect((await failure(sdk.authenticateTotpMfaDevice(wish, instance))).reason).toBe(
      'unauthenticated',
    )
    expect(instance.tokens.list()).toEqual([])
  })

  it('confirms no authenticator app that another user was shown', async () => {
    const { instance, state, application } = await enrolledPage()
    const shown = await application.environment.user()
    state.user = shown
    await sdk.registerTotpMfaDevice({}, instance)
    const other = await application.environment.user()
    const { secret } = await enrollTotp(other)
    state.user = other
    await instance.session()
    const verified = await sdk.authenticateTotpMfaDevice({ code: totpCode(secret) }, instance)
    expect(verified).toMatchObject({ acr: 'mfa' })
  })

  it('revokes what it held at logout', async () => {
    const { instance, secret, user } = await enrolledPage()
    const requestedScopes = [TokenScope.Userupdate]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const token = instance.tokens.list()[0]?.token ?? ''
    expect(await sdk.logout(instance)).toEqual({ revoked: 1, failed: 0 })
    expect(instance.tokens.list()).toEqual([])
    expect(await user.client.token.introspect.query({ token })).toEqual({ active: false })
  })

  it('forgets its tokens at logout even where they cannot be revoked', async () => {
    const { instance, secret, state } = await enrolledPage()
    const requestedScopes = [TokenScope.Userupdate]
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    state.cut = true
    expect(await sdk.logout(instance)).toEqual({ revoked: 0, failed: 1 })
    expect(instance.tokens.list()).toEqual([])
  })
})

describe('factors', () => {
  it('enrolls an authenticator app as the field does: register, then authenticate with a code', async () => {
    const { environment, page } = await makeApplication()
    const { instance } = page(await environment.user())
    const { secret, uri, deviceId } = await sdk.registerTotpMfaDevice({ label: 'Phone' }, instance)
    expect(uri).toContain('otpauth://totp/')
    const confirmed = await sdk.authenticateTotpMfaDevice({ code: totpCode(secret, -1) }, instance)
    expect(confirmed).toMatchObject({ device: { id: deviceId, type: 'totp', label: 'Phone' } })
    expect('recoveryCodes' in confirmed && confirmed.recoveryCodes).toHaveLength(10)
    expect(instance.tokens.list()).toEqual([])
    const verified = await sdk.authenticateTotpMfaDevice({ code: totpCode(secret) }, instance)
    expect(verified).toMatchObject({ acr: 'mfa' })
  })

  it('lists, counts, renames, changes the default, removes, and renews recovery codes', async () => {
    const { instance, factorId, secret } = await enrolledPage()
    expect(await sdk.getMfaMethods(instance)).toMatchObject({ totp: 1, passkey: 0, enrolled: true })
    const renamed = await sdk.renameMfaDevice({ deviceId: factorId, label: 'Old phone' }, instance)
    expect(renamed).toMatchObject([{ id: factorId, label: 'Old phone' }])
    expect(await sdk.acknowledgeRecoveryCodes(instance)).toBe(true)
    const refused = await failure(sdk.createNewMfaRecoveryCodes(instance))
    expect(refused).toMatchObject({ reason: 'step_up_required', scope: 'credential:update' })
    await sdk.withStepUp(
      MFAAction.CredentialUpdate,
      async () => expect(await sdk.createNewMfaRecoveryCodes(instance)).toHaveLength(10),
      { prompt: () => ({ method: 'totp', code: totpCode(secret) }) },
      instance,
    )
    expect(await failure(sdk.deleteMfaDevice({ deviceId: factorId }, instance))).toMatchObject({
      reason: 'step_up_required',
    })
  })

  it('says whether a factor is missing at onboarding', async () => {
    const { environment, page } = await makeApplication({ enrollment: 'onboarding' })
    const user = await environment.user()
    const { instance } = page(user)
    expect(await sdk.isUserMissingMfaAuth(instance)).toBe(true)
    await enrollTotp(user)
    expect(await sdk.isUserMissingMfaAuth(instance)).toBe(false)
  })

  it('verifies with a recovery code for linking a factor', async () => {
    const { instance, recoveryCodes } = await enrolledPage()
    const [code = ''] = recoveryCodes
    const requestedScopes = [TokenScope.Credentiallink]
    const proof = await sdk.authenticateMfaRecoveryCode({ code, requestedScopes }, instance)
    expect(proof).toMatchObject({ acr: 'recovery', elevatedToken: { singleUse: true } })
    expect((await sdk.registerTotpMfaDevice({}, instance)).secret).toBeTruthy()
    expect(instance.tokens.list()).toEqual([])
  })

  it('exchanges the word of the backend for a token', async () => {
    const { application, instance, user } = await enrolledPage({
      actions: [{ action: 'user.update', base: { methods: ['totp', 'assertion'] } }],
    })
    const externalJwt = await application.environment.assertion({
      sub: user.subject,
      scope: 'user:update',
    })
    const { scopes } = await sdk.requestExternalAuthElevatedToken({ externalJwt }, instance)
    expect(scopes).toEqual(['user:update'])
    const updating = { mfaAction: MFAAction.UserUpdate, method: 'POST' } as const
    expect((await sdk.countersignFetch(at('/update'), updating, instance)).status).toBe(200)
  })
})

describe('events and errors', () => {
  it('reports verified users, failures and tokens, until a listener unsubscribes', async () => {
    const { instance, secret } = await enrolledPage()
    const heard = { completed: vi.fn(), failed: vi.fn(), changed: vi.fn() }
    const stops = [
      sdk.onMfaCompleted(heard.completed, instance),
      sdk.onMfaFailed(heard.failed, instance),
      sdk.onTokensChanged(heard.changed, instance),
    ]
    const requestedScopes = [TokenScope.Walletexport]
    await failure(
      sdk.authenticateTotpMfaDevice({ code: wrongCode(secret), requestedScopes }, instance),
    )
    expect(heard.failed).toHaveBeenCalledExactlyOnceWith({
      method: 'totp',
      error: expect.objectContaining({ reason: 'invalid_code' }),
    })
    await sdk.authenticateTotpMfaDevice({ code: totpCode(secret), requestedScopes }, instance)
    const [completed] = heard.completed.mock.calls[0] ?? []
    expect(completed).toMatchObject({ method: 'totp', scopes: requestedScopes, acr: 'mfa' })
    expect(JSON.stringify(completed)).not.toContain('eyJ')
    expect(heard.changed).toHaveBeenCalledTimes(1)
    for (const stop of stops) stop()
    await sdk.logout(instance)
    expect(heard.changed).toHaveBeenCalledTimes(1)
  })

  it('never shows a token in what a step-up returns', async () => {
    const { instance, secret } = await enrolledPage()
    const result = await sdk.authenticateTotpMfaDevice(
      { code: totpCode(secret), requestedScopes: ['wallet:export'] },
      instance,
    )
    expect(JSON.stringify(result)).not.toContain('eyJ')
    expect(result).toHaveProperty('elevatedToken.scopes', ['wallet:export'])
  })

  it('is recognised without its class', () => {
    const twin = Object.assign(new Error('no'), { name: 'CountersignError', reason: 'locked' })
    expect(sdk.isCountersignError(twin)).toBe(true)
    expect(sdk.isCountersignError(new Error('no'))).toBe(false)
  })

  it('carries the wait of a throttled user, and what the server said as its cause', async () => {
    const { instance, secret } = await enrolledPage()
    let error = await failure(sdk.authenticateTotpMfaDevice({ code: wrongCode(secret) }, instance))
    for (let guess = 0; guess < 10 && error.reason === 'invalid_code'; guess += 1) {
      error = await failure(sdk.authenticateTotpMfaDevice({ code: wrongCode(secret) }, instance))
    }
    expect(error.reason).toBe('rate_limited')
    expect(error.retryAfterSeconds).toBeGreaterThan(0)
    expect(sdk.reasonOf(error.cause)?.reason).toBe('rate_limited')
  })

  it('uses the default instance, and another one passed last', async () => {
    const first = await enrolledPage({}, { isDefault: true })
    const second = await enrolledPage()
    expect(await sdk.getMfaDevices()).toMatchObject([{ id: first.factorId }])
    expect(await sdk.getMfaDevices(second.instance)).toMatchObject([{ id: second.factorId }])
  })

  it('hands a token out by hand: a single-use one once, a reusable one until it is consumed', async () => {
    const { instance, user, secret } = await enrolledPage()
    const once = await stepUp(user, secret, ['wallet:export'])
    const proof = { subject: user.subject, askedAt: Date.now(), issuedAt: once.issuedAt }
    instance.tokens.put(once, proof)
    instance.tokens.put(
      { ...once, jti: 'reusable', scopes: ['user:update'], singleUse: false },
      proof,
    )
    const get = (scope: string, consume?: boolean) =>
      sdk.getElevatedAccessToken({ scope, ...(consume && { consume }) }, instance)
    expect(await get('wallet:export')).toBe(once.token)
    expect(await get('wallet:export')).toBeUndefined()
    expect(await get('user:update')).toBe(once.token)
    expect(await get('user:update', true)).toBe(once.token)
    expect(await get('user:update')).toBeUndefined()
  })
})
