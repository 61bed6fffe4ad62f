// The activities of a history: one entry for each thing that happened.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { type AuditEvent, activitiesOf } from '../../contract/index.ts'

const event = (seq: number, type: string, data: AuditEvent['data'], at = seq): AuditEvent => ({
  ...{ seq, at, type, actor: type.startsWith('token.c') ? 'resource:shop' : 'subject', data },
  ...{ salt: '', previous: '', hash: '' },
})
const PASSED = {
  ...{ method: 'totp', factorId: 'fac_1', country: 'NL', acr: 'mfa' },
  tokens: [{ jti: 't1', scopes: ['orders:refund'], detailsHash: 'h1' }],
}
const USED = { jti: 't1', action: 'order.refund', method: 'totp', detailsHash: 'h1' }

describe('the activities of a history', () => {
  it('are one for a step-up and the use of its token, with what both say', () => {
    const [passed, used] = [event(1, 'step_up.passed', PASSED), event(2, 'token.consumed', USED, 9)]
    expect(activitiesOf([used, passed])).toEqual([
      {
        ...{ at: 9, type: 'token.consumed', actor: 'resource:shop', action: 'order.refund' },
        ...{ scopes: ['orders:refund'], method: 'totp', factorId: 'fac_1', country: 'NL' },
        ...{ detailsHash: 'h1', count: 1, events: [used, passed] },
      },
    ])
  })

  it('are one for a step-up whose token was not used yet', () => {
    const [activity] = activitiesOf([event(1, 'step_up.passed', PASSED)])
    expect(activity).toMatchObject({ type: 'step_up.passed', scopes: ['orders:refund'] })
    expect(activity).not.toHaveProperty('action')
  })

  it('keep the uses of different tokens apart', () => {
    const other = event(3, 'token.consumed', { ...USED, jti: 't2' })
    const history = [other, event(2, 'token.consumed', USED), event(1, 'step_up.passed', PASSED)]
    expect(activitiesOf(history).map(({ events }) => events.map(({ seq }) => seq))).toEqual([
      [3],
      [2, 1],
    ])
  })

  it('are done, though the token is refused when it is sent again', () => {
    const again = event(3, 'token.refused', {
      jti: 't1',
      action: 'order.refund',
      reason: 'token_used',
    })
    const history = [again, event(2, 'token.consumed', USED), event(1, 'step_up.passed', PASSED)]
    expect(activitiesOf(history)).toMatchObject([
      { type: 'token.refused', reason: 'token_used', events: [{ seq: 3 }] },
      { type: 'token.consumed', action: 'order.refund', events: [{ seq: 2 }, { seq: 1 }] },
    ])
  })

  it('are one for each action that a reusable token was used for', () => {
    const other = event(3, 'token.consumed', { ...USED, action: 'order.view' })
    const history = [other, event(2, 'token.consumed', USED), event(1, 'step_up.passed', PASSED)]
    expect(activitiesOf(history)).toMatchObject([
      { action: 'order.view' },
      { action: 'order.refund' },
    ])
  })

  it('say when something that was counted happened, not when it was written', () => {
    const refused = { reason: 'rate_limited', count: 7, firstAt: 10, lastAt: 20 }
    const history = [
      event(2, 'attempts.refused', refused, 3600),
      event(1, 'factor.renamed', {}, 30),
    ]
    expect(activitiesOf(history)).toMatchObject([
      { at: 30, type: 'factor.renamed', count: 1 },
      { at: 20, type: 'attempts.refused', reason: 'rate_limited', count: 7 },
    ])
  })

  it('hold every event exactly once, whatever the events say', () => {
    const types = ['step_up.passed', 'token.consumed', 'token.refused', 'factor.renamed']
    const jti = fc.constantFrom('t1', 't2', 't3')
    const data = fc.oneof(
      fc.record({ jti, tokens: fc.array(fc.record({ jti, scopes: fc.array(fc.string()) })) }),
      fc.dictionary(fc.constantFrom('jti', 'tokens', 'count', 'lastAt', 'reason'), fc.jsonValue()),
    )
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom(...types), data)), (drawn) => {
        const events = drawn.map(([type, about], index) => event(drawn.length - index, type, about))
        const held = activitiesOf(events).flatMap((activity) => activity.events)
        expect(held.toSorted((a, b) => b.seq - a.seq)).toEqual(events)
      }),
    )
  })
})
