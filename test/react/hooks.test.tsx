import { onlineManager } from '@tanstack/react-query'
import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { useState } from 'react'
import { expect, test, vi } from 'vitest'
import * as sdk from '../../client/index.ts'
import * as react from '../../client/react/query.ts'
import { CountersignProvider, useOnMfaFailed } from '../../client/react.ts'
import { page, stubPasskeys } from './page.tsx'
import { factor, refuse, startService } from './service.ts'

const app = factor('totp', { name: 'Phone', isDefault: true })

const NOT_HOOKS =
  /^(create|is(Countersign|StepUp)|as|on|reason|storage|memory|MFAAction|TokenScope|CountersignError|StepUpRequiredError)/

test('there is a hook, and options, for every function that calls the service', () => {
  const functions = Object.entries(sdk)
    .filter(([name, value]) => typeof value === 'function' && !NOT_HOOKS.test(name))
    .map(([name]) => name)
    .concat('createNewMfaRecoveryCodes')
  expect(functions.length).toBeGreaterThan(20)
  for (const name of functions) {
    expect(react).toHaveProperty(`use${name[0]?.toUpperCase()}${name.slice(1)}`)
    const options =
      `${name}QueryOptions` in react ? `${name}QueryOptions` : `${name}MutationOptions`
    expect(react).toHaveProperty(options)
  }
})

const QUERIES: [string, () => { data: unknown; isLoading: boolean; error: unknown }, unknown][] = [
  [
    'useIsMfaRequiredForAction',
    () => react.useIsMfaRequiredForAction({ mfaAction: 'wallet.waas.export' }),
    true,
  ],
  [
    'useCheckStepUpAuth',
    () => react.useCheckStepUpAuth({ scope: 'wallet:export' }),
    expect.objectContaining({ isRequired: true, defaultCredentialId: app.factorId }),
  ],
  ['useGetMfaMethods', () => react.useGetMfaMethods(), expect.objectContaining({ totp: 1 })],
  [
    'useGetMfaDevices',
    () => react.useGetMfaDevices(),
    [expect.objectContaining({ id: app.factorId, type: 'totp' })],
  ],
  ['useIsUserMissingMfaAuth', () => react.useIsUserMissingMfaAuth(), false],
]

test.each(QUERIES)('%s gives data, isLoading, error and refetch', async (_, use, data) => {
  startService().factors = [app]
  const { result } = page().hook(use)
  expect(result.current).toMatchObject({ data: undefined, isLoading: true, error: null })
  await waitFor(() => expect(result.current.data).toEqual(data))
  expect(result.current).toMatchObject({ isLoading: false, error: null })
  expect(result.current).toHaveProperty('refetch')
})

type AnyMutation = () => { mutateAsync: (variables: never) => Promise<unknown> } & object
const MUTATIONS: [string, AnyMutation, unknown, unknown][] = [
  [
    'useAuthenticateTotpMfaDevice',
    () => react.useAuthenticateTotpMfaDevice(),
    { code: '123456', requestedScopes: ['wallet:export'] },
    { acr: 'mfa' },
  ],
  ['useAuthenticatePasskeyMFA', () => react.useAuthenticatePasskeyMFA(), undefined, { acr: 'mfa' }],
  [
    'useAuthenticateMfaRecoveryCode',
    () => react.useAuthenticateMfaRecoveryCode(),
    { code: '123456' },
    { acr: 'mfa' },
  ],
  [
    'useRequestExternalAuthElevatedToken',
    () => react.useRequestExternalAuthElevatedToken(),
    { externalJwt: 'a.b.c' },
    { scopes: ['wallet:sign'] },
  ],
  [
    'useRegisterTotpMfaDevice',
    () => react.useRegisterTotpMfaDevice(),
    undefined,
    { secret: expect.any(String) },
  ],
  [
    'useConfirmTotpMfaDevice',
    () => react.useConfirmTotpMfaDevice(),
    { deviceId: 'fac_x', code: '123456' },
    { device: { type: 'totp' } },
  ],
  ['useRegisterPasskey', () => react.useRegisterPasskey(), {}, { device: { type: 'passkey' } }],
  [
    'useRenameMfaDevice',
    () => react.useRenameMfaDevice(),
    { deviceId: app.factorId, label: 'x' },
    [{ id: app.factorId }],
  ],
  [
    'useSetDefaultMfaDevice',
    () => react.useSetDefaultMfaDevice(),
    { deviceId: app.factorId },
    [{ id: app.factorId }],
  ],
  ['useDeleteMfaDevice', () => react.useDeleteMfaDevice(), { deviceId: app.factorId }, []],
  [
    'useCreateNewMfaRecoveryCodes',
    () => react.useCreateNewMfaRecoveryCodes(),
    undefined,
    ['ABCD-EFGH'],
  ],
  ['useAcknowledgeRecoveryCodes', () => react.useAcknowledgeRecoveryCodes(), undefined, true],
  [
    'useGetElevatedAccessToken',
    () => react.useGetElevatedAccessToken(),
    { scope: 'wallet:sign' },
    undefined,
  ],
  ['useConsumeMfaToken', () => react.useConsumeMfaToken(), undefined, undefined],
  ['useLogout', () => react.useLogout(), undefined, { revoked: 0, failed: 0 }],
  [
    'useCountersignFetch',
    () => react.useCountersignFetch(),
    { input: 'https://app.test/api', mfaAction: 'wallet.waas.export' },
    { status: 200 },
  ],
  [
    'useWithStepUp',
    () => react.useWithStepUp<string>(),
    {
      action: 'wallet.waas.export',
      run: async () => 'done',
      prompt: () => ({ method: 'totp', code: '123456' }),
    },
    'done',
  ],
]

test.each(MUTATIONS)('%s gives mutate, isPending, error and data', async (_, use, input, data) => {
  startService().factors = [app]
  stubPasskeys()
  const { hook, client } = page()
  const { result, unmount } = hook(use)
  expect(result.current).toMatchObject({ isPending: false, error: null, data: undefined })
  expect(result.current).toHaveProperty('mutate')
  const answer = await act(() => result.current.mutateAsync(input as never))
  if (typeof answer === 'object' && !(answer instanceof Response))
    expect(answer).toMatchObject(data as object)
  else if (answer instanceof Response) expect(answer.status).toBe(200)
  else expect(answer).toBe(data)
  // Nothing of it, secrets least of all, is kept once nobody shows it.
  unmount()
  await waitFor(() => expect(client.getMutationCache().getAll()).toHaveLength(0))
})

test('an error of a mutation is a CountersignError, and nothing is tried twice', async () => {
  const service = startService()
  service.factors = [app]
  const { result } = page().hook(() => react.useAuthenticateTotpMfaDevice())
  act(() => result.current.mutate({ code: '999999', requestedScopes: ['wallet:export'] }))
  await waitFor(() => expect(result.current.error?.reason).toBe('invalid_code'))
  expect(sdk.isCountersignError(result.current.error)).toBe(true)
  expect(service.count('challenge.verify')).toBe(1)
})

test('says that a step-up is required where the server cannot be asked, at once', async () => {
  startService().isOffline = true
  const { result } = page().hook(() =>
    react.useIsMfaRequiredForAction({ mfaAction: 'wallet.waas.export' }),
  )
  await waitFor(() => expect(result.current.data).toBe(true))
  expect(result.current.failureCount).toBe(0)
})

test('never shows one user what another has, in no frame', async () => {
  const service = startService()
  service.factors = [app]
  const { hook, client } = page()
  const seen: [string | undefined, string | undefined][] = []
  const { result, rerender } = hook(() => {
    const devices = react.useGetMfaDevices()
    seen.push([service.signedIn, devices.data?.[0]?.label ?? undefined])
    return devices
  })
  await waitFor(() => expect(result.current.data).toHaveLength(1))
  service.signedIn = 'grace'
  service.factors = [factor('totp', { name: 'Tablet' })]
  rerender()
  expect(result.current.data).toBeUndefined()
  await waitFor(() => expect(result.current.data?.[0]?.label).toBe('Tablet'))
  expect(seen.filter(([user, label]) => user === 'grace' && label === 'Phone')).toEqual([])
  const keys = client
    .getQueryCache()
    .getAll()
    .map(({ queryKey }) => JSON.stringify(queryKey))
  expect(keys).toEqual([expect.stringContaining('grace')])
  expect(keys[0]).toContain('countersign.test')
  expect(keys[0]).toContain('demo')
})

test('notices another user whose session comes later, by the next call', async () => {
  let user = 'ada'
  const service = startService({
    getSessionToken: async () => `h.${btoa(JSON.stringify({ sub: user }))}.s`,
  })
  service.factors = [app]
  const { result } = page().hook(() => react.useGetMfaDevices())
  await waitFor(() => expect(result.current.data?.[0]?.label).toBe('Phone'))
  user = 'grace'
  service.factors = [factor('totp', { name: 'Tablet' })]
  await act(() => sdk.isUserMissingMfaAuth())
  await waitFor(() => expect(result.current.data?.[0]?.label).toBe('Tablet'))
})

test('puts no session token into a key', async () => {
  startService({ getSessionToken: () => 'opaque-secret' }).factors = [app]
  const { hook, client } = page()
  const { result } = hook(() => react.useGetMfaDevices())
  await waitFor(() => expect(result.current.data).toHaveLength(1))
  const keys = client
    .getQueryCache()
    .getAll()
    .map(({ queryHash }) => queryHash)
  expect(keys.join()).not.toContain('opaque-secret')
})

test('asks again for devices when one was removed, and whether a step-up is required after one', async () => {
  const service = startService()
  service.factors = [app, factor('passkey')]
  const { result } = page().hook(() => ({
    devices: react.useGetMfaDevices(),
    required: react.useIsMfaRequiredForAction({ mfaAction: 'wallet.waas.export' }),
    remove: react.useDeleteMfaDevice(),
    verify: react.useAuthenticateTotpMfaDevice(),
  }))
  await waitFor(() => expect(result.current.devices.data).toHaveLength(2))
  await waitFor(() => expect(result.current.required.data).toBe(true))
  act(() => result.current.remove.mutate({ deviceId: factor('passkey').factorId }))
  await waitFor(() => expect(result.current.devices.data).toHaveLength(1))
  act(() => result.current.verify.mutate({ code: '123456', requestedScopes: ['wallet:export'] }))
  await waitFor(() => expect(result.current.required.data).toBe(false))
  await act(() => sdk.getElevatedAccessToken({ scope: 'wallet:export' }))
  await waitFor(() => expect(result.current.required.data).toBe(true))
})

test('keeps no answer of whether a step-up is required', async () => {
  startService().factors = [app]
  const { hook, client } = page()
  const { result, unmount } = hook(() => react.useCheckStepUpAuth({ scope: 'wallet:export' }))
  await waitFor(() => expect(result.current.data?.isRequired).toBe(true))
  unmount()
  await waitFor(() => expect(client.getQueryCache().getAll()).toHaveLength(0))
})

test('uses the instance of the provider, else the default one', async () => {
  const other = startService({ isDefault: false })
  other.factors = [app]
  startService().factors = []
  const Count = () => <p>{react.useGetMfaDevices().data?.length ?? 'none yet'}</p>
  page().render(
    <CountersignProvider instance={other.instance}>
      <Count />
    </CountersignProvider>,
  )
  expect(await screen.findByText('1')).toBeDefined()
})

test('runs the code field that applications of this field write', async () => {
  const service = startService()
  service.factors = [app]
  const exportKey = vi.fn()
  function ExportKey() {
    const [code, setCode] = useState('')
    const { mutate: authenticate, isPending, error } = react.useAuthenticateTotpMfaDevice()
    return (
      <form
        onSubmit={(event) => {
          event.preventDefault()
          authenticate(
            { code, requestedScopes: ['wallet:export'] },
            { onSuccess: () => exportKey() },
          )
        }}
      >
        <input aria-label="Code" value={code} onChange={({ target }) => setCode(target.value)} />
        <button type="submit" disabled={isPending}>
          Export
        </button>
        {error && <p role="alert">{error.reason}</p>}
      </form>
    )
  }
  page().render(<ExportKey />)
  const type = (value: string) => {
    fireEvent.change(screen.getByLabelText('Code'), { target: { value } })
    fireEvent.click(screen.getByText('Export'))
  }
  type('000000')
  expect((await screen.findByRole('alert')).textContent).toBe('invalid_code')
  expect(exportKey).not.toHaveBeenCalled()
  type('123456')
  await waitFor(() => expect(exportKey).toHaveBeenCalledOnce())
  expect(screen.queryByRole('alert')).toBeNull()
  expect(service.instance.tokens.get({ scope: 'wallet:export' })).toBeDefined()
})

test('listens for as long as the component is there', async () => {
  const service = startService()
  service.factors = [app]
  service.on['challenge.verify'] = () => refuse('locked')
  const failed = vi.fn()
  const { unmount } = page().hook(() => useOnMfaFailed(({ error }) => failed(error.reason)))
  await sdk.authenticateTotpMfaDevice({ code: '123456', requestedScopes: ['a:b'] }).catch(() => {})
  expect(failed.mock.calls).toEqual([['locked']])
  unmount()
  await sdk.authenticateTotpMfaDevice({ code: '123456', requestedScopes: ['a:b'] }).catch(() => {})
  expect(failed).toHaveBeenCalledOnce()
})

test('asks nothing for a user who is not signed in any more', async () => {
  const service = startService()
  service.factors = [app]
  const { queryFn } = react.getMfaDevicesQueryOptions()
  const ask = queryFn as () => Promise<unknown>
  service.signedIn = 'grace'
  await expect(ask()).rejects.toMatchObject({ reason: 'unauthenticated' })
  expect(service.count('factor.list')).toBe(0)
})

test('asks and changes also where the browser believes that it is offline', async () => {
  const service = startService()
  service.factors = [app]
  onlineManager.setOnline(false)
  try {
    const { result } = page().hook(() => ({
      required: react.useIsMfaRequiredForAction({ mfaAction: 'wallet.waas.export' }),
      acknowledge: react.useAcknowledgeRecoveryCodes(),
    }))
    await waitFor(() => expect(result.current.required.data).toBe(true))
    act(() => result.current.acknowledge.mutate())
    await waitFor(() => expect(result.current.acknowledge.data).toBe(true))
  } finally {
    onlineManager.setOnline(true)
  }
})

test('forgets what a mutation answered when the user changes', async () => {
  const service = startService()
  service.factors = [app]
  const { result, rerender } = page().hook(() => react.useCreateNewMfaRecoveryCodes())
  act(() => result.current.mutate())
  await waitFor(() => expect(result.current.data).toEqual(['ABCD-EFGH']))
  service.signedIn = 'grace'
  rerender()
  await waitFor(() => expect(result.current.data).toBeUndefined())
})
