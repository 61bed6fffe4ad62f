// The history that the wallet's page shows: one row for each action, in words.
import { describe, expect, it } from 'vitest'
import type { AuditEvent } from '../../contract/index.ts'
import { rowsOf } from '../../examples/wallet/page/history.ts'

const NAMES = new Map([['fac_1', 'Phone']])
const event = (seq: number, at: number, type: string, data: AuditEvent['data']): AuditEvent => ({
  ...{ seq, at, type, data, actor: type.startsWith('token.') ? 'resource:key_1' : 'subject' },
  ...{ salt: '', previous: '', hash: '' },
})

/** A step-up and the use of its token, one second later. */
function signed(seq: number, at: number, more: AuditEvent['data'] = {}): AuditEvent[] {
  const jti = `t${seq}`
  const tokens = [{ jti, scopes: ['wallet:sign'], detailsHash: `h${seq}` }]
  return [
    event(seq + 1, at + 1, 'token.consumed', { jti, action: 'wallet.waas.sign', method: 'totp' }),
    event(seq, at, 'step_up.passed', { method: 'totp', factorId: 'fac_1', tokens, ...more }),
  ]
}
const entry = (at: number, detail: string, name = 'signed') => ({ at, event: name, detail })

describe('a row of the history', () => {
  it('says what was signed, with which device, from where and when, with the events behind it', () => {
    const [row, ...others] = rowsOf(signed(1, 100, { country: 'NL' }), [entry(102, '“Hi”')], NAMES)
    expect(others).toEqual([])
    expect(row).toEqual({
      at: 101,
      title: 'Signed: “Hi”',
      how: 'with Phone, from Netherlands',
      tone: 'good',
      detailsHash: 'h1',
      events: [
        { seq: 2, at: 101, text: 'Confirmation used by API key_1' },
        { seq: 1, at: 100, text: 'Confirmed with “Phone”, to sign' },
      ],
    })
  })

  it.each([
    ['no country', {}, 'with Phone'],
    ['a network that is no country', { country: 'T1' }, 'with Phone'],
    ['a code that is no country', { country: 'QZ' }, 'with Phone'],
    ['a factor without a name', { factorId: 'fac_2' }, 'with Authenticator app'],
  ])('leaves out what is not known: %s', (_, data, how) => {
    expect(rowsOf(signed(1, 100, data), [], NAMES)).toMatchObject([{ title: 'Signed', how }])
  })

  it.each([
    ['ten seconds later', entry(111, 'a'), 'Signed: a'],
    ['eleven seconds later', entry(112, 'a'), 'Signed'],
    ['for another action', entry(101, '', 'key exported'), 'Signed'],
  ])('takes the text of a log entry %s only where it belongs to the action', (_, one, title) => {
    expect(rowsOf(signed(1, 100), [one], NAMES)).toMatchObject([{ title }])
  })

  it('gives each of two actions in ten seconds the entry of its own', () => {
    const history = [...signed(3, 104), ...signed(1, 100)]
    const log = [entry(105, 'second'), entry(101, 'first')]
    expect(rowsOf(history, log, NAMES).map(({ title }) => title)).toEqual([
      'Signed: second',
      'Signed: first',
    ])
  })

  it('does not say that something was done whose confirmation was not used', () => {
    const [passed] = signed(1, 100).slice(1)
    const refused = event(3, 101, 'token.refused', {
      ...{ jti: 't9', action: 'wallet.waas.sign', reason: 'details_mismatch' },
    })
    const rows = rowsOf([refused, ...(passed ? [passed] : [])], [entry(101, '“Hi”')], NAMES)
    expect(rows.map(({ title, tone }) => [title, tone])).toEqual([
      ['Refused signing: it was for something else', 'bad'],
      ['Confirmed, to sign', 'good'],
    ])
  })

  it('weighs less for an enrollment that was started or that failed', () => {
    const rows = rowsOf(
      [
        event(3, 3, 'factor.confirmed', { kind: 'totp', factorId: 'fac_1' }),
        event(2, 2, 'factor.confirm_failed', { kind: 'totp', reason: 'invalid_code' }),
        event(1, 1, 'enrollment.started', { kind: 'totp' }),
      ],
      [],
      NAMES,
    )
    expect(rows.map(({ title, tone }) => [title, tone])).toEqual([
      ['Added “Phone”', 'good'],
      ['Could not add an authenticator app: the code was wrong', 'soft'],
      ['Began to add an authenticator app', 'soft'],
    ])
  })

  it('shows an event of a type that it does not know by its name', () => {
    const rows = rowsOf([event(1, 1, 'moon.rose', { count: 3 })], [], NAMES)
    expect(rows).toMatchObject([{ title: 'moon.rose (3 times)', how: '', tone: 'plain' }])
  })
})
