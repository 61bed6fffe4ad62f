// A user who cannot use what they are asked for: the ways out, whom to ask, and no dead end.
import { screen, waitFor, within } from '@testing-library/react'
import { beforeEach, describe, expect, it } from 'vitest'
import type { PolicyDecision } from '../../contract/index.ts'
import { announced, enter, openDialog, press } from './dialog.tsx'
import { stubPasskeys } from './page.tsx'
import { factor, refuse, type Service, startService } from './service.ts'

const CANNOT = 'I can’t use this'
const RECOVER = /Use a recovery code to add a new factor/
const COMPLETED = { status: 'completed', value: { exported: true } }

let service: Service
const phone = factor('totp', { name: 'Phone', isDefault: true })
const laptop = factor('passkey', { name: 'Laptop' })
/** What the rule of `credential.link` takes. */
let linkMethods: string[]
let codesLeft: number
beforeEach(() => {
  service = startService()
  service.factors = [phone]
  linkMethods = ['totp', 'recovery']
  codesLeft = 7
  const decision = (action: string, scope: string, methods: string[], acr = 'mfa') => ({
    ...{ decision: 'step_up', required: true, reason: 'enrolled', action, scope, methods, acr },
    ...{ singleUse: true, lifetimeSeconds: 300, freshnessSeconds: 300, details: 'optional' },
  })
  service.on['policy.check'] = ({ action }) =>
    action === 'credential.link'
      ? decision('credential.link', 'credential:link', linkMethods, 'recovery')
      : {
          ...decision(
            String(action),
            'wallet:export',
            service.factors.map(({ kind }) => kind),
          ),
          ...service.decision,
        }
  service.on['factor.list'] = () => ({
    factors: service.factors,
    enrolled: true,
    mustEnroll: false,
    recovery: { remaining: codesLeft, total: 10, acknowledged: true },
  })
})

describe('a user who cannot use their only method', () => {
  it('adds a factor with a recovery code, and goes on with the action', async () => {
    const { outcomes } = await openDialog()
    press(CANNOT)
    const way = await screen.findByRole('button', { name: RECOVER })
    expect(way.textContent).toContain('7 codes left')
    press(RECOVER)
    enter('123456', 'Recovery code')
    await screen.findByRole('heading', { name: 'Set up verification' })
    expect(service.calls.at(-1)?.input).toMatchObject({
      method: 'recovery',
      requestedScopes: ['credential:link'],
    })
    press(/Authenticator app/)
    await screen.findByRole('img', { name: /QR code/ })
    const enrolled = service.calls.find(({ procedure }) => procedure === 'factor.enroll')
    expect(enrolled?.headers.get('countersign-token')).toMatch(/^token-/)
    service.factors = []
    enter('123456', 'Code from the app')
    await screen.findByText('ABCD-EFGH-JKMN-PQRS-TVWX-0000')
    expect(outcomes).toEqual([])
  })

  it.each([
    ['no code is left', () => (codesLeft = 0)],
    ['the rule for adding a factor takes no code', () => (linkMethods = ['totp'])],
  ])('is offered no recovery where %s, and sees whom to ask', async (_, change) => {
    change()
    await openDialog()
    press(CANNOT)
    expect(await screen.findByText('Need help? Ask the support of this application.')).toBeDefined()
    await waitFor(() => expect(screen.queryByText('One moment…')).toBeNull())
    expect(screen.queryByRole('button', { name: RECOVER })).toBeNull()
  })

  it('comes back to where they were', async () => {
    const { outcomes } = await openDialog()
    press(CANNOT)
    const heading = screen.getByRole('heading', { name: 'Other ways to confirm' })
    expect(document.activeElement).toBe(heading)
    press('Back')
    enter('123456', 'Authentication code')
    await waitFor(() => expect(outcomes).toEqual([COMPLETED]))
  })

  it('finds the same way out where a recovery code is asked for, and the way back', async () => {
    await openDialog()
    press(CANNOT)
    await screen.findByRole('button', { name: RECOVER })
    press(RECOVER)
    press(CANNOT)
    expect(screen.getByText('Need help? Ask the support of this application.')).toBeDefined()
    press('Back')
    press('Back')
    expect(screen.getByLabelText('Authentication code')).toBeDefined()
  })

  it.each<[what: string, decision: Partial<PolicyDecision>]>([
    ['what the action accepts and the environment offers', { enrollable: ['passkey'] }],
    ['the kind that they lost where a service does not say what else counts', {}],
  ])('is offered %s, and nothing else', async (_, decision) => {
    stubPasskeys()
    service.factors = [laptop]
    service.decision = decision
    await openDialog()
    press(CANNOT)
    await screen.findByRole('button', { name: RECOVER })
    press(RECOVER)
    enter('123456', 'Recovery code')
    const list = await screen.findByRole('list', { name: 'Set up verification' })
    expect(within(list).getAllByRole('button')).toHaveLength(1)
    expect(list.textContent).toContain('Passkey')
  })

  it('is offered every kind that the action accepts', async () => {
    service.decision = { enrollable: ['totp', 'passkey'] }
    await openDialog()
    press(CANNOT)
    await screen.findByRole('button', { name: RECOVER })
    press(RECOVER)
    enter('123456', 'Recovery code')
    const list = await screen.findByRole('list', { name: 'Set up verification' })
    expect(within(list).getAllByRole('button')).toHaveLength(2)
  })

  it('sees whom to ask where their codes are locked', async () => {
    service.on['challenge.verify'] = () => refuse('locked')
    await openDialog()
    enter('000000', 'Authentication code')
    await screen.findByText(/Codes are locked/)
    expect(screen.getByText('Need help? Ask the support of this application.')).toBeDefined()
    expect(screen.queryByRole('button', { name: RECOVER })).toBeNull()
  })
})

describe('a user with several methods', () => {
  it('is offered the others', async () => {
    stubPasskeys()
    service.factors = [phone, laptop]
    const { outcomes } = await openDialog()
    press(CANNOT)
    press('Passkey')
    press('Continue with passkey')
    await waitFor(() => expect(outcomes).toEqual([COMPLETED]))
  })

  it('is not blamed for a passkey prompt that they left', async () => {
    const { get } = stubPasskeys(
      ({ signal }) =>
        new Promise((_, reject) => {
          signal?.addEventListener('abort', () => reject(signal.reason))
        }),
    )
    service.factors = [laptop]
    await openDialog()
    press('Continue with passkey')
    await waitFor(() => expect(get).toHaveBeenCalled())
    press(CANNOT)
    await screen.findByRole('button', { name: RECOVER })
    press('Back')
    expect(await screen.findByRole('button', { name: 'Continue with passkey' })).toBeDefined()
    expect(screen.queryByText(/was closed/)).toBeNull()
    expect(screen.getByRole('button', { name: CANNOT })).toBeDefined()
  })
})

describe('a passkey that fails', () => {
  beforeEach(() => {
    stubPasskeys(() => Promise.reject(new DOMException('no', 'AbortError')))
  })

  it('shows the ways out in its own panel, and names no method that there is not', async () => {
    service.factors = [laptop]
    const { dialog } = await openDialog()
    press('Continue with passkey')
    expect((await screen.findByText(/was closed/)).textContent).not.toMatch(/another method/i)
    expect(await screen.findByRole('button', { name: RECOVER })).toBeDefined()
    expect(screen.getByText('Need help? Ask the support of this application.')).toBeDefined()
    expect(dialog.textContent).not.toMatch(/another method/i)
    expect(isFocused(/Continue with passkey/)).toBe(true)
  })

  it('offers the other method beside it', async () => {
    service.factors = [{ ...laptop, isDefault: true }, factor('totp', { name: 'Phone' })]
    const { outcomes } = await openDialog()
    press('Continue with passkey')
    await screen.findByText(/was closed/)
    press('Authenticator app')
    enter('123456', 'Authentication code')
    await waitFor(() => expect(outcomes).toEqual([COMPLETED]))
  })
})

describe('the help of an application', () => {
  const open = async (href?: string) => {
    await openDialog({ look: { help: { text: 'Call the help desk', ...(href && { href }) } } })
    press(CANNOT)
    return screen.findByText('Call the help desk')
  }

  it.each([
    ['https://help.test/lost', 'https://help.test/lost'],
    ['mailto:help@help.test', 'mailto:help@help.test'],
    ['/help', `${location.origin}/help`],
  ])('is a link where it leads to %s', async (href, address) => {
    expect((await open(href)).closest('a')?.href).toBe(address)
  })

  it.each([
    'javascript:alert(1)',
    ' java\nscript:alert(1)',
    'data:text/html,x',
    'tel:1',
    'https://',
  ])('is text where it would lead to %j', async (href) => {
    expect((await open(href)).closest('a')).toBeNull()
  })

  it('is shown where nothing can be used or added at all', async () => {
    service.on['policy.check'] = ({ action }) => ({
      ...{ decision: 'enroll', required: true, reason: 'no_usable_factor', action },
      ...{ scope: 'wallet:export', methods: [], acr: 'phr', singleUse: true },
      ...{ lifetimeSeconds: 300, freshnessSeconds: 300, details: 'optional' },
    })
    await openDialog({ look: { help: { text: 'Call the help desk' } } })
    expect(await screen.findByText('Call the help desk')).toBeDefined()
  })
})

describe('the last wrong code', () => {
  it('begins the wait at once, and speaks of no attempts', async () => {
    service.on['challenge.verify'] = () =>
      refuse('invalid_code', { attemptsLeft: 0, retryAfterSeconds: 30 })
    const { dialog } = await openDialog()
    enter('000000', 'Authentication code')
    await screen.findByText('That code is not right.')
    expect(dialog.textContent).toContain('Too many attempts. Try again in 30 s.')
    expect(dialog.textContent).not.toContain('attempts left')
    const verify = screen.getByRole('button', { name: 'Verify' })
    expect(verify.getAttribute('aria-disabled')).toBe('true')
    await waitFor(() => expect(announced()).toContain('Too many attempts. Try again in 30 s.'))
    enter('123456', 'Authentication code')
    expect(service.count('challenge.verify')).toBe(1)
  })

  it('begins a wait that also holds for a recovery code, and on the way back', async () => {
    service.on['challenge.verify'] = () =>
      refuse('invalid_code', { attemptsLeft: 0, retryAfterSeconds: 30 })
    const { dialog } = await openDialog()
    enter('000000', 'Authentication code')
    await screen.findByText('That code is not right.')
    press(CANNOT)
    await screen.findByRole('button', { name: RECOVER })
    press(RECOVER)
    expect(dialog.textContent).toMatch(/Too many attempts\. Try again in \d+ s\./)
    enter('123456', 'Recovery code')
    expect(service.count('challenge.verify')).toBe(1)
    press('Back')
    expect(screen.getByLabelText('Authentication code')).toBeDefined()
    expect(dialog.textContent).toMatch(/Too many attempts\. Try again in \d+ s\./)
  })

  it('begins a wait of 30 seconds where a service does not say how long', async () => {
    service.on['challenge.verify'] = () => refuse('code_already_used', { attemptsLeft: 0 })
    const { dialog } = await openDialog()
    enter('000000', 'Authentication code')
    await waitFor(() => expect(dialog.textContent).toContain('Try again in 30 s.'))
  })

  it('begins it where an authenticator app is added, too', async () => {
    service.factors = []
    service.on['policy.check'] = ({ action }) => ({
      ...{ decision: 'enroll', required: true, reason: 'no_usable_factor', action },
      ...{ scope: 'wallet:export', methods: ['totp'], acr: 'mfa', singleUse: true },
      ...{ lifetimeSeconds: 300, freshnessSeconds: 300, details: 'optional' },
    })
    service.on['factor.confirm'] = () =>
      refuse('invalid_code', { attemptsLeft: 0, retryAfterSeconds: 30 })
    const { dialog } = await openDialog()
    press(/Authenticator app/)
    await screen.findByRole('img', { name: /QR code/ })
    enter('000000', 'Code from the app')
    await waitFor(() => expect(dialog.textContent).toContain('Try again in 30 s.'))
  })
})

const isFocused = (name: RegExp) => document.activeElement === screen.getByRole('button', { name })
