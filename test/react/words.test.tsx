// What the dialog calls things: actions, details, and what it announces.
import { act, screen, waitFor, within } from '@testing-library/react'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { announced, enter, openDialog } from './dialog.tsx'
import { factor, refuse, type Service, startService } from './service.ts'

let service: Service
beforeEach(() => {
  service = startService()
  service.factors = [factor('totp', { name: 'Phone', isDefault: true })]
})
afterEach(() => {
  vi.useRealTimers()
})

const SENTENCE = { title: 'Refunds', sentence: 'refund an order' }

describe('an action', () => {
  it.each([
    [
      'the application’s words',
      'order.refund',
      SENTENCE,
      { 'order.refund': 'give it back' },
      'give it back',
    ],
    ['the operator’s sentence', 'wallet.waas.export', SENTENCE, {}, 'refund an order'],
    ['the built-in sentence', 'wallet.waas.export', {}, {}, 'export your wallet’s private key'],
    ['the operator’s title', 'order.refund', { title: 'Refunds' }, {}, 'do “Refunds”'],
    ['its name', 'order.refund', {}, {}, 'do “order.refund”'],
    ['its name where that is a name of every object', 'constructor', {}, {}, 'do “constructor”'],
  ])('is called by %s', async (_, action, decision, actions, words) => {
    service.decision = decision
    await openDialog({ action, look: { texts: { actions } } })
    expect(screen.getByText(`You are about to ${words}.`)).toBeDefined()
  })

  it.each([
    ['hidden where there are words for it', {}, 'wallet.waas.export', 0],
    ['hidden where the operator has a title for it', { title: 'Refunds' }, 'order.refund', 0],
    ['shown where there are no words for it', {}, 'order.refund', 1],
  ])('has its name %s', async (_, decision, action, count) => {
    service.decision = decision
    await openDialog({ action })
    expect(screen.queryAllByText(action)).toHaveLength(count)
  })

  it.each([
    ['shown', 'wallet.waas.export', 1],
    ['hidden', 'order.refund', 0],
  ] as const)(
    'has its name %s where the application says so',
    async (actionName, action, count) => {
      await openDialog({ action, look: { actionName } })
      expect(screen.queryAllByText(action)).toHaveLength(count)
    },
  )
})

describe('details', () => {
  it('whose name is null are folded, below the others', async () => {
    const look = { texts: { detailNames: { call: 'Call', input: null } } }
    await openDialog({ details: { input: '8JoyPo', call: 'operator.create' }, look })
    const summary = screen.getByText('Technical details')
    const folded = summary.closest('details')
    expect(folded?.open).toBe(false)
    expect(folded?.textContent).toContain('input8JoyPo')
    expect(folded?.textContent).not.toContain('operator.create')
    const region = screen.getByRole('region', { name: 'Details' })
    expect(region.textContent).toMatch(/^Calloperator\.create.*8JoyPo$/)
  })

  const shownBy = async (properties: object, details: Record<string, unknown>, look = {}) => {
    service.decision = { display: { properties } }
    await openDialog({ details, look })
    return screen.getByRole('region', { name: 'Details' })
  }

  it('are written as the operator’s schema says, with the exact value one step away', async () => {
    const amount = { title: 'Amount', display: { as: 'amount', unit: 'ETH', decimals: 18 } }
    const region = await shownBy({ amount }, { note: 'a\nb', amount: '10000000000000000' })
    expect(region.textContent).toMatch(/^Amount0\.01 ETHnotea⏎b/)
    const exact = within(region).getByText('Exact values').closest('details')
    expect(exact?.open).toBe(false)
    expect(exact?.textContent).toBe('Exact valuesAmount"10000000000000000"')
  })

  it('are called by the application’s names before those of the schema', async () => {
    const look = { texts: { detailNames: { amount: 'Summe' } } }
    const region = await shownBy({ amount: { title: 'Amount' } }, { amount: 5 }, look)
    expect(region.textContent).toBe('Summe5')
  })

  it.each([
    [{ body: 'Hello', hash: '0xab' }, 'MessageHelloHash of “Message”0xab'],
    [{ hash: '0xab' }, 'Hash0xabOnly a hash is shown here, not what it was made from.'],
  ])('say what a hash is of: %j', async (details, text) => {
    const hash = { title: 'Hash', display: { as: 'hash', of: 'body' } }
    const region = await shownBy({ body: { title: 'Message' }, hash }, details)
    expect(region.textContent).toBe(text)
  })

  it('are called by their own name where that is a name of every object', async () => {
    await openDialog({ details: { constructor: 'Acme' } })
    const region = screen.getByRole('region', { name: 'Details' })
    expect(within(region).getByText('constructor')).toBeDefined()
  })
})

describe('the live region', () => {
  it('announces a wait when it begins, every ten seconds, and when it is over', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    service.on['challenge.verify'] = () => refuse('rate_limited', { retryAfterSeconds: 30 })
    await openDialog()
    enter('000000', 'Authentication code')
    const wait = (seconds: number) => `Too many attempts. Try again in ${seconds} s.`
    await waitFor(() => expect(announced()).toEqual([wait(30)]))
    const heard: string[] = []
    for (let second = 0; second < 32; second += 1) {
      await act(() => vi.advanceTimersByTimeAsync(1000))
      const [now = ''] = announced()
      if (heard.at(-1) !== now) heard.push(now)
    }
    expect(heard).toEqual([wait(30), wait(20), wait(10), 'You can try again now.'])
  })

  it('announces a long wait once before its last minute', async () => {
    vi.useFakeTimers({ shouldAdvanceTime: true })
    service.on['challenge.verify'] = () => refuse('rate_limited', { retryAfterSeconds: 900 })
    await openDialog()
    enter('000000', 'Authentication code')
    const begun = ['Too many attempts. Try again in 15:00 min.']
    await waitFor(() => expect(announced()).toEqual(begun))
    await act(() => vi.advanceTimersByTimeAsync(800_000))
    expect(announced()).toEqual(begun)
  })

  it('announces that a code is being verified, and that the user is verified once it has closed', async () => {
    let answer: () => void = () => {}
    const asked = new Promise<void>((resolve) => {
      answer = resolve
    })
    const elevatedToken = {
      ...{ token: 't', jti: 'j', audience: 'api', scopes: ['wallet:export'], acr: 'mfa' },
      ...{ tokenType: 'Bearer', singleUse: true, issuedAt: 1, expiresAt: 4_000_000_000 },
    }
    service.on['challenge.verify'] = async () => {
      await asked
      return { amr: ['otp'], acr: 'mfa', authTime: 1, elevatedToken }
    }
    const { outcomes } = await openDialog()
    enter('123456', 'Authentication code')
    await waitFor(() => expect(announced()).toEqual(['Verifying…']))
    answer()
    await waitFor(() => expect(outcomes).toHaveLength(1))
    expect(screen.queryByRole('dialog')).toBeNull()
    await waitFor(() => expect(announced()).toEqual(['Verified.']))
  })

  it('announces nothing when the user cancels', async () => {
    const { outcomes } = await openDialog()
    screen.getByRole('button', { name: 'Cancel' }).click()
    await waitFor(() => expect(outcomes).toHaveLength(1))
    await new Promise((resolve) => setTimeout(resolve, 200))
    expect(document.body.querySelector('.countersign-said:not(dialog *)')?.textContent ?? '').toBe(
      '',
    )
  })
})
