import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type StepUpOutcome, StepUpProvider, useStepUp } from '../../client/react.ts'
import { page, stubPasskeys } from './page.tsx'
import { factor, refuse, type Service, startService } from './service.ts'

const phone = factor('totp', { name: 'Phone', isDefault: true })
const laptop = factor('passkey', { name: 'Laptop' })
const API = 'https://app.test/api/export'

let service: Service
const ran = vi.fn()
const outcome = vi.fn()
beforeEach(() => {
  service = startService()
  service.factors = [phone]
  ran.mockReset()
  outcome.mockReset()
})
afterEach(() => {
  vi.useRealTimers()
})

interface ExportProps {
  details?: Record<string, unknown>
  action?: string
}

/** What an application writes: three lines, and its own action. */
function Export({ details, action = 'wallet.waas.export' }: ExportProps) {
  const { stepUp, dialog } = useStepUp()
  const exportKey = async () => {
    const result: StepUpOutcome<unknown> = await stepUp(
      action,
      async (fetch) => {
        ran()
        return (await fetch(API, { method: 'POST' })).json()
      },
      { details },
    )
    return result
  }
  return (
    <>
      <button
        type="button"
        onClick={() => exportKey().then(outcome, (error) => outcome(error.reason ?? error))}
      >
        Export
      </button>
      {dialog}
    </>
  )
}

const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }))
const open = async (props: ExportProps = {}) => {
  const rendered = page().render(<Export {...props} />)
  screen.getByText('Export').focus()
  press('Export')
  await screen.findByRole('dialog')
  return rendered
}
const enter = (code: string, label: string | RegExp = /code/i) => {
  fireEvent.change(screen.getByLabelText(label), { target: { value: code } })
  fireEvent.submit(screen.getByLabelText(label))
}
const closed = () => waitFor(() => expect(screen.queryByRole('dialog')).toBeNull())
const isDisabled = (button: HTMLElement) => button.getAttribute('aria-disabled') === 'true'
const COMPLETED = { status: 'completed', value: { exported: true } }
const CANCELLED = { status: 'cancelled' }

test('verifies a code, runs the action with the token, and gives focus back', async () => {
  await open()
  expect(document.activeElement).toBe(screen.getByLabelText('Authentication code'))
  enter('123 456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
  await closed()
  expect(ran).toHaveBeenCalledOnce()
  expect(service.apiCalls[0]?.headers.get('countersign-token')).toMatch(/^token-/)
  expect(document.activeElement).toBe(screen.getByText('Export'))
})

test('asks nothing where nothing is required', async () => {
  service.factors = []
  page().render(<Export />)
  press('Export')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
  expect(screen.queryByRole('dialog')).toBeNull()
})

test('names itself, the action and its details, and hides no part of a value', async () => {
  const payload = `${'a'.repeat(90)}\u202e${'b'.repeat(90)}`
  await open({ details: { recipient: '0x71C7', payload } })
  const dialog = screen.getByRole('dialog', { name: 'Confirm it’s you' })
  const described = document.getElementById(dialog.getAttribute('aria-describedby') ?? '')
  expect(described?.textContent).toContain('export your wallet’s private key')
  expect(dialog.textContent).toContain('0x71C7')
  expect(dialog.textContent).toContain(`${'a'.repeat(90)}⟦U+202E⟧${'b'.repeat(90)}`)
})

test.each([
  ['the button', () => press('Cancel')],
  [
    'Escape',
    () => fireEvent(screen.getByRole('dialog'), new Event('cancel', { cancelable: true })),
  ],
  ['the browser', () => (screen.getByRole('dialog') as HTMLDialogElement).close()],
])('is cancelled by %s, and runs nothing', async (_, cancel) => {
  await open()
  act(cancel)
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(CANCELLED))
  await closed()
  expect(ran).not.toHaveBeenCalled()
  expect(document.activeElement).toBe(screen.getByText('Export'))
})

test('says that a code is wrong, ties that to the field, and takes the right one', async () => {
  await open()
  enter('000000')
  expect((await screen.findByText(/not right/)).textContent).toContain('3 attempts left')
  const field = screen.getByLabelText('Authentication code')
  expect(field.getAttribute('aria-invalid')).toBe('true')
  const [, problem = ''] = field.getAttribute('aria-describedby')?.split(' ') ?? []
  expect(document.getElementById(problem)?.textContent).toContain('not right')
  expect(document.getElementById(problem)?.getAttribute('role')).toBe('alert')
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test('spends no attempt on what is no code, and sends a code once however often it is sent off', async () => {
  await open()
  enter('12')
  expect(await screen.findByText(/all digits/)).toBeDefined()
  expect(service.count('challenge.verify')).toBe(0)
  enter('123456')
  fireEvent.submit(screen.getByLabelText('Authentication code'))
  fireEvent.submit(screen.getByLabelText('Authentication code'))
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
  expect(service.count('challenge.verify')).toBe(1)
})

test('tells to wait for the next code where one was used already', async () => {
  service.on['challenge.verify'] = () => refuse('code_already_used')
  await open()
  enter('123456')
  expect(await screen.findByText(/Wait for the next one/)).toBeDefined()
})

test('counts a wait down, and lets go on after it', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true })
  service.on['challenge.verify'] = () => refuse('rate_limited', { retryAfterSeconds: 30 })
  await open()
  enter('000000')
  const [seen] = await screen.findAllByText(/Try again in 30 s/)
  expect(isDisabled(screen.getByRole('button', { name: 'Verify' }))).toBe(true)
  await act(() => vi.advanceTimersByTimeAsync(10_000))
  expect(seen?.textContent).toMatch(/in (20|19|18) s/)
  enter('123456')
  expect(service.count('challenge.verify')).toBe(1)
  await act(() => vi.advanceTimersByTimeAsync(21_000))
  expect(screen.getByText('You can try again now.')).toBeDefined()
  expect(isDisabled(screen.getByRole('button', { name: 'Verify' }))).toBe(false)
  delete service.on['challenge.verify']
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test('leads from a lock to the passkey', async () => {
  stubPasskeys()
  service.factors = [phone, laptop]
  service.on['challenge.verify'] = () => refuse('locked')
  await open()
  enter('000000')
  expect(await screen.findByText(/Your passkey still works/)).toBeDefined()
  delete service.on['challenge.verify']
  press('Continue with passkey')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test('offers the default first, and the passkey where no code is the default', async () => {
  stubPasskeys()
  service.factors = [factor('totp', { name: 'Phone' }), laptop]
  await open()
  expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Continue with passkey' }))
  press('Use another method')
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test.each([
  ['NotSupportedError', /support passkeys/],
  ['SecurityError', /can’t be used on this page/],
  ['AbortError', /was closed/],
])('says why a passkey did not work: %s', async (name, text) => {
  stubPasskeys(() => Promise.reject(new DOMException('no', name)))
  service.factors = [laptop]
  await open()
  press('Continue with passkey')
  expect(await screen.findByText(text)).toBeDefined()
  expect(ran).not.toHaveBeenCalled()
})

test('leaves a pending passkey for a code, and blames nobody for it', async () => {
  const { get } = stubPasskeys(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason))
      }),
  )
  service.factors = [factor('totp', { name: 'Phone' }), laptop]
  await open()
  press('Continue with passkey')
  await waitFor(() => expect(get).toHaveBeenCalled())
  press('Use another method')
  await waitFor(() =>
    expect(isDisabled(screen.getByRole('button', { name: 'Verify' }))).toBe(false),
  )
  expect(screen.getByLabelText('Authentication code').getAttribute('aria-invalid')).toBeNull()
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test('opens no prompt of a passkey after the cancel', async () => {
  const { get } = stubPasskeys()
  let answer: (value: unknown) => void = () => {}
  service.factors = [laptop]
  service.on['challenge.start'] = () =>
    new Promise((resolve) => {
      answer = resolve
    })
  await open()
  press('Continue with passkey')
  await waitFor(() => expect(service.count('challenge.start')).toBe(1))
  press('Cancel')
  answer({ challenge: 'carried', options: { challenge: 'AAAA' }, expiresAt: 1 })
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(CANCELLED))
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(get).not.toHaveBeenCalled()
})

test('closes the prompt of a passkey when it is cancelled', async () => {
  let isAborted = false
  const { get } = stubPasskeys(
    ({ signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => {
          isAborted = true
          reject(signal.reason)
        })
      }),
  )
  service.factors = [laptop]
  await open()
  press('Continue with passkey')
  await waitFor(() => expect(get).toHaveBeenCalled())
  press('Cancel')
  await waitFor(() => expect(isAborted).toBe(true))
  expect(outcome).toHaveBeenCalledWith(CANCELLED)
})

test('verifies with the authenticator app that was picked, or a recovery code where the rule names it', async () => {
  const tablet = factor('totp', { name: 'Tablet' })
  service.factors = [phone, tablet]
  service.decision = { methods: ['totp', 'recovery'] }
  await open()
  fireEvent.change(screen.getByLabelText('Authenticator app'), {
    target: { value: tablet.factorId },
  })
  enter('000000', 'Authentication code')
  await screen.findByText(/not right/)
  expect(service.calls.at(-1)?.input.factorId).toBe(tablet.factorId)
  press('Use another method')
  enter('123456', 'Recovery code')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
  expect(service.calls.some(({ input }) => input.method === 'recovery')).toBe(true)
})

test('enrolls on the spot, shows the recovery codes, and verifies with the next code', async () => {
  vi.useFakeTimers({ shouldAdvanceTime: true, now: 1_800_000_010_000 })
  service.factors = []
  service.on['policy.check'] = ({ action }) => ({
    decision: 'enroll',
    required: true,
    reason: 'no_usable_factor',
    action,
    scope: 'wallet:export',
    methods: ['totp', 'passkey'],
    acr: 'mfa',
    singleUse: true,
    lifetimeSeconds: 300,
    freshnessSeconds: 300,
    details: 'optional',
  })
  await open()
  press(/Authenticator app/)
  expect(await screen.findByRole('img', { name: /QR code/ })).toBeDefined()
  expect(screen.getByText('JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP')).toBeDefined()
  enter('123456', 'Code from the app')
  expect(await screen.findByText('ABCD-EFGH-JKMN-PQRS-TVWX-0000')).toBeDefined()
  expect(ran).not.toHaveBeenCalled()
  expect(service.count('factor.enroll')).toBe(1)
  press('I have saved them')
  const next = await screen.findByRole('button', { name: /Next code in/ })
  expect(isDisabled(next)).toBe(true)
  expect(service.count('recovery.acknowledge')).toBe(1)
  await act(() => vi.advanceTimersByTimeAsync(30_000))
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
  expect(service.count('challenge.verify')).toBe(1)
})

test('steps up for a stronger factor before it is added, and then with it', async () => {
  stubPasskeys()
  const decide = (action: unknown, decision: string, scope: string, methods: string[]) => ({
    decision,
    required: true,
    reason: 'always',
    action,
    scope,
    methods,
    acr: 'phr',
    singleUse: true,
    lifetimeSeconds: 300,
    freshnessSeconds: 300,
    details: 'optional',
  })
  service.on['policy.check'] = ({ action }) =>
    action === 'credential.link'
      ? decide(action, 'step_up', 'credential:link', ['totp'])
      : decide(action, 'enroll', 'wallet:export', ['passkey'])
  const enroll = { challenge: 'carried', options: { challenge: 'AAAA', user: { id: 'AAAA' } } }
  service.on['factor.enroll'] = (_, headers) =>
    headers.has('countersign-token')
      ? { factorId: 'fac_new', expiresAt: 1, ...enroll }
      : refuse('step_up_required', {
          requirement: {
            action: 'credential.link',
            scope: 'credential:link',
            methods: ['totp'],
            acr: 'mfa',
            freshnessSeconds: 300,
            details: 'none',
          },
        })
  await open()
  press(/Passkey/)
  press('Create passkey')
  expect(await screen.findByText(/needs a new method/)).toBeDefined()
  await screen.findByLabelText('Authentication code')
  enter('123456')
  await screen.findByRole('button', { name: 'Create passkey' })
  expect(ran).not.toHaveBeenCalled()
  press('Create passkey')
  await screen.findByRole('button', { name: 'Continue with passkey' })
  press('Continue with passkey')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test('says that the service is out of reach, and goes on when it is back', async () => {
  service.isOffline = true
  await open()
  expect(screen.getByText(/can’t be reached/)).toBeDefined()
  press('Try again')
  await waitFor(() => expect(isDisabled(screen.getByText('Try again'))).toBe(false))
  service.isOffline = false
  press('Try again')
  await screen.findByLabelText('Authentication code')
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(COMPLETED))
})

test('throws what the rule denies, also where that is learnt later', async () => {
  service.isOffline = true
  await open()
  service.isOffline = false
  service.decision = { decision: 'deny', required: true, reason: 'denied' }
  press('Try again')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith('denied'))
  await closed()
  expect(ran).not.toHaveBeenCalled()
})

test('is cancelled when the component goes, though the service answers later', async () => {
  const { unmount } = await open()
  unmount()
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(CANCELLED))
  expect(ran).not.toHaveBeenCalled()
})

test('runs nothing on a verification that ends after the cancel, and ends its token', async () => {
  let answer: (value: unknown) => void = () => {}
  const later = new Promise((resolve) => {
    answer = resolve
  })
  service.on['challenge.verify'] = () => later
  await open()
  enter('123456')
  await waitFor(() => expect(service.count('challenge.verify')).toBe(1))
  press('Cancel')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(CANCELLED))
  const now = Math.floor(Date.now() / 1000)
  answer({
    amr: ['otp'],
    acr: 'mfa',
    authTime: now,
    elevatedToken: {
      token: 'late',
      jti: 'late',
      audience: 'api',
      scopes: ['wallet:export'],
      acr: 'mfa',
      tokenType: 'Bearer',
      singleUse: true,
      issuedAt: now,
      expiresAt: now + 300,
    },
  })
  await waitFor(() => expect(service.count('token.revoke')).toBe(1))
  expect(service.instance.tokens.list()).toEqual([])
  expect(ran).not.toHaveBeenCalled()
})

test('is cancelled when another user signs in while it is open', async () => {
  await open()
  service.signedIn = 'grace'
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(CANCELLED), { timeout: 3000 })
  await closed()
  expect(ran).not.toHaveBeenCalled()
})

test('runs nothing for a user who came between the verification and the action', async () => {
  await open()
  service.instance.on('mfaCompleted', () => {
    service.signedIn = 'grace'
  })
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith(CANCELLED))
  expect(ran).not.toHaveBeenCalled()
})

test('asks two at a time one after the other, in their order', async () => {
  page().render(
    <StepUpProvider>
      <Export />
      <Export action="order.refund" />
    </StepUpProvider>,
  )
  const [first, second] = screen.getAllByText('Export')
  if (first) fireEvent.click(first)
  await screen.findByText(/export your wallet/)
  if (second) fireEvent.click(second)
  await waitFor(() => expect(service.count('policy.check')).toBe(2))
  expect(screen.getAllByRole('dialog')).toHaveLength(1)
  press('Cancel')
  await screen.findByText(/do “order.refund”/)
  expect(outcome.mock.calls).toEqual([[CANCELLED]])
  enter('123456')
  await waitFor(() => expect(outcome.mock.calls).toEqual([[CANCELLED], [COMPLETED]]))
  expect(ran).toHaveBeenCalledOnce()
})

test('answers the challenge of an API once, and throws the second', async () => {
  service.factors = []
  service.api = () =>
    Response.json(
      {
        reason: 'step_up_required',
        requirement: {
          action: 'wallet.waas.export',
          scope: 'wallet:export',
          methods: ['totp'],
          acr: 'mfa',
          freshnessSeconds: 300,
          details: 'optional',
        },
      },
      {
        status: 401,
        headers: { 'www-authenticate': 'Bearer error="insufficient_user_authentication"' },
      },
    )
  await open()
  enter('123456')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith('step_up_required'))
  expect(ran).toHaveBeenCalledTimes(2)
  expect(service.count('challenge.verify')).toBe(1)
})

test('says so where nobody rendered the dialog', async () => {
  const Forgetful = () => {
    const { stepUp } = useStepUp()
    const go = () => stepUp('wallet.waas.export', async () => ran())
    return (
      <button type="button" onClick={() => go().catch(({ message }) => outcome(message))}>
        Export
      </button>
    )
  }
  page().render(<Forgetful />)
  press('Export')
  await waitFor(() =>
    expect(outcome).toHaveBeenCalledWith(expect.stringContaining('Render the dialog')),
  )
  expect(ran).not.toHaveBeenCalled()
})

test('throws before it asks or enrolls anybody, where the rule requires details and none were given', async () => {
  for (const decision of ['step_up', 'enroll'] as const) {
    service.decision = { decision, required: true, details: 'required' }
    const { unmount } = page().render(<Export />)
    press('Export')
    await waitFor(() => expect(outcome).toHaveBeenLastCalledWith('details_required'))
    expect(screen.queryByRole('dialog')).toBeNull()
    unmount()
  }
  expect(outcome).toHaveBeenCalledTimes(2)
  expect(service.count('factor.enroll')).toBe(0)
  expect(ran).not.toHaveBeenCalled()
})

test('throws the same where the rule says so only once it can be asked', async () => {
  service.isOffline = true
  await open()
  service.isOffline = false
  service.decision = { details: 'required' }
  press('Try again')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith('details_required'))
  await closed()
})

test('throws the same where the rule says so when its turn comes', async () => {
  service.factors = [phone]
  page().render(
    <StepUpProvider>
      <Export />
    </StepUpProvider>,
  )
  press('Export')
  await screen.findByRole('dialog')
  press('Export')
  await waitFor(() => expect(service.count('policy.check')).toBe(2))
  service.decision = { details: 'required' }
  press('Cancel')
  await waitFor(() => expect(outcome).toHaveBeenCalledWith('details_required'))
  await closed()
})

test('writes an error that it has no words for to the console, once and with its reason', async () => {
  const written = vi.spyOn(console, 'error').mockImplementation(() => {})
  service.on['challenge.verify'] = () => refuse('scope_not_allowed')
  await open()
  enter('123456')
  expect(await screen.findByText('Something went wrong. Try again.')).toBeDefined()
  expect(written).toHaveBeenCalledExactlyOnceWith(
    expect.stringContaining('scope_not_allowed'),
    expect.objectContaining({ reason: 'scope_not_allowed' }),
  )
  service.on['challenge.verify'] = () => refuse('invalid_code')
  enter('123456')
  expect(await screen.findByText(/not right/)).toBeDefined()
  expect(written).toHaveBeenCalledTimes(1)
  written.mockRestore()
})
