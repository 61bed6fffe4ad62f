// Enrolling a first factor at sign-in: who is asked, what is offered, and that the codes are seen.
import { readFileSync } from 'node:fs'
import { act, fireEvent, screen, waitFor } from '@testing-library/react'
import { beforeEach, expect, test, vi } from 'vitest'
import { CountersignProvider, Onboarding } from '../../client/react.ts'
import { page, stubPasskeys } from './page.tsx'
import { factor, refuse, type Service, startService } from './service.ts'
import { SignedIn } from './snippets/onboarding.tsx'

const CODE = 'ABCD-EFGH-JKMN-PQRS-TVWX-0000'

let service: Service
const done = vi.fn()
beforeEach(() => {
  service = startService()
  service.decision = { methods: ['totp', 'passkey', 'recovery'] }
  done.mockReset()
})

const show = () => page().render(<Onboarding onDone={done} />)
const press = (name: string | RegExp) => fireEvent.click(screen.getByRole('button', { name }))
const choose = async (name: RegExp) => fireEvent.click(await screen.findByRole('button', { name }))
const enter = async (code: string) => {
  const field = await screen.findByLabelText('Code from the app')
  fireEvent.change(field, { target: { value: code } })
  fireEvent.submit(field)
}

test('enrolls an authenticator app, shows the recovery codes, and is done when they are put away', async () => {
  show()
  expect(await screen.findByText(/Before you go on/)).toBeDefined()
  await choose(/Authenticator app/)
  expect(await screen.findByRole('img', { name: /QR code/ })).toBeDefined()
  await enter('123456')
  expect(await screen.findByText(CODE)).toBeDefined()
  expect(screen.getByRole('region', { name: 'Save your recovery codes' })).toBeDefined()
  expect(done).not.toHaveBeenCalled()
  press('I have saved them')
  await waitFor(() => expect(done).toHaveBeenCalledOnce())
  expect(service.count('recovery.acknowledge')).toBe(1)
  expect(service.count('challenge.verify')).toBe(0)
})

test('enrolls a passkey', async () => {
  stubPasskeys()
  show()
  await choose(/Passkey/)
  press('Create passkey')
  expect(await screen.findByText(CODE)).toBeDefined()
  press('I have saved them')
  await waitFor(() => expect(done).toHaveBeenCalledOnce())
})

test('is done at once where the environment has no recovery codes', async () => {
  service.on['factor.confirm'] = () => ({ factor: factor('totp') })
  show()
  await choose(/Authenticator app/)
  await enter('123456')
  await waitFor(() => expect(done).toHaveBeenCalledOnce())
})

test('offers what the rule for adding one takes, and no choice where that is one', async () => {
  service.decision = { methods: ['totp', 'recovery'] }
  show()
  expect(await screen.findByRole('img', { name: /QR code/ })).toBeDefined()
  expect(screen.queryByRole('button', { name: 'Use another method' })).toBeNull()
  expect(service.calls.find(({ procedure }) => procedure === 'policy.check')?.input).toEqual({
    action: 'credential.link',
  })
})

test('says that there is nothing to enroll, and looks again', async () => {
  service.decision = { decision: 'deny', methods: [] }
  show()
  expect(await screen.findByText(/No verification method can be added/)).toBeDefined()
  service.decision = { methods: ['totp', 'passkey'] }
  press('Try again')
  expect(await screen.findByRole('button', { name: /Passkey/ })).toBeDefined()
})

test('asks nothing of a user who has a factor', async () => {
  service.factors = [factor('totp')]
  show()
  await waitFor(() => expect(done).toHaveBeenCalledOnce())
  expect(service.count('factor.enroll')).toBe(0)
})

test('is done where another tab was faster', async () => {
  show()
  await screen.findByRole('button', { name: /Passkey/ })
  service.factors = [factor('totp')]
  service.on['factor.enroll'] = () =>
    refuse('step_up_required', {
      requirement: {
        action: 'credential.link',
        scope: 'credential:link',
        methods: ['totp'],
        acr: 'recovery',
        freshnessSeconds: 300,
        details: 'optional',
      },
    })
  await choose(/Authenticator app/)
  await waitFor(() => expect(done).toHaveBeenCalledOnce())
})

test.each([
  ['the session is not fresh', 'session_not_fresh', /Sign in again to continue/],
  ['the method is not offered any more', 'method_not_allowed', /can’t be used here/],
] as const)('says that %s, and tries again', async (_, reason, words) => {
  service.on['factor.enroll'] = () => refuse(reason)
  show()
  await choose(/Authenticator app/)
  expect((await screen.findByText(words)).closest('[role=alert]')).not.toBeNull()
  expect(screen.getByRole('button', { name: 'Use another method' })).toBeDefined()
  delete service.on['factor.enroll']
  press('Try again')
  expect(await screen.findByRole('img', { name: /QR code/ })).toBeDefined()
})

test('says that the service cannot be reached, and tries again', async () => {
  service.isOffline = true
  show()
  expect(await screen.findByText(/can’t be reached. Check your connection/)).toBeDefined()
  service.isOffline = false
  press('Try again')
  expect(await screen.findByRole('button', { name: /Passkey/ })).toBeDefined()
  expect(done).not.toHaveBeenCalled()
})

test('takes the right code after a wrong one, and another method after a closed prompt', async () => {
  const prompt = vi.fn(async () => {
    throw new DOMException('closed', 'NotAllowedError')
  })
  stubPasskeys(prompt)
  show()
  await choose(/Passkey/)
  press('Create passkey')
  await waitFor(() => expect(screen.getByRole('alert').textContent).not.toBe(''))
  press('Use another method')
  await choose(/Authenticator app/)
  await enter('000000')
  expect(await screen.findByText(/not right/)).toBeDefined()
  await enter('123456')
  expect(await screen.findByText(CODE)).toBeDefined()
})

test('hands on the word of the backend for a first factor', async () => {
  page().render(<Onboarding assertion="a.b.c" onDone={done} />)
  await choose(/Authenticator app/)
  await screen.findByRole('img', { name: /QR code/ })
  const enroll = service.calls.find(({ procedure }) => procedure === 'factor.enroll')
  expect(enroll?.input).toEqual({ kind: 'totp', assertion: 'a.b.c' })
})

test('says its words in those of the application', async () => {
  page().render(<Onboarding texts={{ onboardingIntro: 'Protect your account.' }} onDone={done} />)
  expect(await screen.findByText('Protect your account.')).toBeDefined()
})

test('shows one user nothing of what the one before enrolled', async () => {
  show()
  await choose(/Authenticator app/)
  await enter('123456')
  await screen.findByText(CODE)
  service.factors = []
  service.signedIn = 'bob'
  act(() => void globalThis.window.dispatchEvent(new Event('focus')))
  expect(await screen.findByRole('button', { name: /Passkey/ })).toBeDefined()
  expect(screen.queryByText(CODE)).toBeNull()
  expect(done).not.toHaveBeenCalled()
})

/** A page of an application, with everything of it below the instance. */
const application = () =>
  page().render(
    <CountersignProvider instance={service.instance}>
      <SignedIn>
        <p>The wallet</p>
      </SignedIn>
    </CountersignProvider>,
  )

test('stands before the page until the codes are put away, though a factor is there before', async () => {
  application()
  expect(screen.queryByText('The wallet')).toBeNull()
  await choose(/Authenticator app/)
  await enter('123456')
  expect(await screen.findByText(CODE)).toBeDefined()
  // The page has heard by now that no factor is missing any more.
  await waitFor(() => expect(service.count('factor.list')).toBeGreaterThan(2))
  expect(screen.queryByText('The wallet')).toBeNull()
  press('I have saved them')
  expect(await screen.findByText('The wallet')).toBeDefined()
})

test('calls nobody away who has gone on, and asks at the next sign-in', async () => {
  const list = { enrolled: false, recovery: { remaining: 0, total: 0, acknowledged: false } }
  service.on['factor.list'] = () => ({ ...list, factors: [], mustEnroll: false })
  application()
  expect(await screen.findByText('The wallet')).toBeDefined()
  const asked = service.count('factor.list')
  service.on['factor.list'] = () => ({ ...list, factors: [], mustEnroll: true })
  act(() => service.instance.emit('devicesChanged', undefined))
  await waitFor(() => expect(service.count('factor.list')).toBeGreaterThan(asked))
  expect(screen.getByText('The wallet')).toBeDefined()
  for (const who of [undefined, 'ada']) {
    service.signedIn = who
    await act(async () => void (await service.instance.session()))
  }
  expect(await screen.findByRole('button', { name: /Passkey/ })).toBeDefined()
})

test('shows neither the page nor the onboarding while nobody can be asked', async () => {
  service.isOffline = true
  application()
  expect(screen.getByText('One moment…')).toBeDefined()
  expect(await screen.findByRole('button', { name: /unavailable: try again/ })).toBeDefined()
  expect(screen.queryByText('The wallet')).toBeNull()
  service.isOffline = false
  await choose(/unavailable: try again/)
  expect(await screen.findByRole('button', { name: /Passkey/ })).toBeDefined()
})

test('is what docs/react.md shows', () => {
  const included = '\n<<< ../test/react/snippets/onboarding.tsx\n'
  expect(readFileSync('docs/react.md', 'utf8')).toContain(included)
})
