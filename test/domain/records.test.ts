// The chain of events, counts, refusals, and the operators' environment.
import { describe, expect, it } from 'vitest'
import { type AuditEvent, overlay, type StatsRow } from '../../contract/index.ts'
import {
  chainEvent,
  GENESIS_HASH,
  hashEvent,
  type NewEvent,
  verifyRun,
} from '../../functions/domain/history/audit.ts'
import { addUp, rangeOf } from '../../functions/domain/history/stats.ts'
import {
  changeDetails,
  checkAutomation,
  operatorActions,
  operatorSettings,
} from '../../functions/domain/operators.ts'
import {
  answering,
  answeringLater,
  Refused,
  refusal,
  refuse,
  unwrap,
} from '../../functions/domain/refusal.ts'
import { counting, NOW, refusalOf } from '../support/rules.ts'

const HAPPENING: NewEvent = {
  at: NOW,
  type: 'factor.confirmed' as NewEvent['type'],
  actor: 'subject',
  data: { factorId: 'fac_1' },
}

function chainOf(length: number): AuditEvent[] {
  const events: AuditEvent[] = []
  for (let seq = 1; seq <= length; seq += 1) {
    const previous = events.at(-1)?.hash ?? GENESIS_HASH
    events.push(chainEvent({ seq, previous }, { ...HAPPENING, at: NOW + seq }, counting(seq)(16)))
  }
  return events
}

describe('a chain of events', () => {
  const events = chainOf(4)
  const [first] = events as [AuditEvent]

  it('begins at sixty-four zeros, and keeps what happened beside its place and its salt', () => {
    expect(first).toEqual({
      ...HAPPENING,
      at: NOW + 1,
      seq: 1,
      previous: '0'.repeat(64),
      salt: '0102030405060708090a0b0c0d0e0f10',
      hash: '75027c9b938d78daf261ddd4ba9e27d5959d888eb2c070b645c2c54be0d60a6a',
    })
  })

  it('fits from its beginning, and from any place in it', () => {
    expect(verifyRun(events, GENESIS_HASH, 1)).toEqual({ head: events[3]?.hash })
    expect(verifyRun(events.slice(2), events[1]?.hash ?? '', 3)).toEqual({ head: events[3]?.hash })
    expect(verifyRun([], 'head', 9)).toEqual({ head: 'head' })
  })

  it.each<[what: string, bend: (event: AuditEvent) => AuditEvent]>([
    ['another time', (event) => ({ ...event, at: event.at + 1 })],
    ['another type', (event) => ({ ...event, type: 'other' as AuditEvent['type'] })],
    ['another actor', (event) => ({ ...event, actor: 'operator:x' })],
    ['other data', (event) => ({ ...event, data: {} })],
    ['another salt', (event) => ({ ...event, salt: 'ff'.repeat(16) })],
    ['another hash', (event) => ({ ...event, hash: 'ff'.repeat(32) })],
    ['another hash before it', (event) => ({ ...event, previous: 'ff'.repeat(32) })],
  ])('is broken by %s at that event, and says where', (_what, bend) => {
    const broken = events.map((event) => (event.seq === 3 ? bend(event) : event))
    expect(verifyRun(broken, GENESIS_HASH, 1)).toEqual({ head: events[1]?.hash, brokenAt: 3 })
  })

  it('is broken where an event is left out, or numbered otherwise', () => {
    const holed = events.filter(({ seq }) => seq !== 2)
    expect(verifyRun(holed, GENESIS_HASH, 1)).toMatchObject({ brokenAt: 2 })
    const renumbered = events.map((event) => (event.seq === 2 ? { ...event, seq: 1 } : event))
    expect(verifyRun(renumbered, GENESIS_HASH, 1)).toMatchObject({ brokenAt: 1 })
    expect(verifyRun(events, GENESIS_HASH, 2)).toMatchObject({ brokenAt: 1 })
  })

  it('is broken at the next event if a hash was recomputed for a bent one', () => {
    const [, second] = events as [AuditEvent, AuditEvent]
    const bent = { ...second, data: { factorId: 'fac_2' } }
    const broken = [first, { ...bent, hash: hashEvent(bent) }, ...events.slice(2)]
    expect(verifyRun(broken, GENESIS_HASH, 1)).toMatchObject({ brokenAt: 3 })
  })
})

describe('counts', () => {
  const HOUR = 3600
  const DAY = 86_400

  it.each([
    ['day', 100 * DAY, 100 * DAY + HOUR, HOUR, DAY],
    ['day', 100 * DAY + HOUR - 1, 100 * DAY + HOUR, HOUR, DAY],
    ['day', 100 * DAY + HOUR, 100 * DAY + 2 * HOUR, HOUR, DAY],
    ['month', 100 * DAY + 5, 101 * DAY, DAY, 31 * DAY],
  ] as const)('of a %s at %i end with the running bucket', (range, now, until, bucket, span) => {
    expect(rangeOf(range, now)).toEqual({ from: until - span, until, bucketSeconds: bucket })
  })

  it('of several shards add up by hour, event, action and method, oldest first', () => {
    const row = (at: number, count: number, more: Partial<StatsRow> = {}): StatsRow => ({
      at,
      event: 'passed',
      action: 'a',
      method: 'totp',
      count,
      ...more,
    })
    const shards = [
      [row(7200, 2), row(3600, 1)],
      [row(7200, 3), row(7200, 5, { method: 'passkey' })],
      [row(7200, 7, { action: null }), row(7200, 9, { event: 'failed' })],
    ]
    const before = structuredClone(shards)
    expect(addUp(shards)).toEqual([
      row(3600, 1),
      row(7200, 5),
      row(7200, 5, { method: 'passkey' }),
      row(7200, 7, { action: null }),
      row(7200, 9, { event: 'failed' }),
    ])
    expect(shards).toEqual(before)
    expect(addUp([])).toEqual([])
  })
})

describe('a refusal', () => {
  it('says the sentence of its reason, or a better one', () => {
    expect(refusal('locked').message).toContain('Codes are locked')
    expect(refusal('locked', { message: 'No.', attemptsLeft: 0 })).toEqual({
      reason: 'locked',
      message: 'No.',
      attemptsLeft: 0,
    })
  })

  it('says when to try again where something was away, and only there', () => {
    expect(refusal('unavailable')).toMatchObject({ retryAfterSeconds: 1 })
    expect(refusal('unavailable', { retryAfterSeconds: 5 })).toMatchObject({ retryAfterSeconds: 5 })
    expect(Object.keys(refusal('denied')).sort()).toEqual(['message', 'reason'])
  })

  it('is thrown as an error that says what it is', () => {
    const cause = new Error('why')
    const refused = new Refused(refusal('denied', { message: 'No.' }), { cause })
    expect(refused).toMatchObject({ name: 'Refused', message: 'No.', cause })
    expect(refusalOf(() => refuse('denied')).reason).toBe('denied')
  })

  it('passes between objects as a value', async () => {
    const answer = answering<{ n: number }>(() => refuse('token_used'))
    expect(answer).toEqual({ refused: refusal('token_used') })
    expect(refusalOf(() => unwrap(answer)).reason).toBe('token_used')
    expect(unwrap(answering(() => ({ n: 1 })))).toEqual({ n: 1 })
    expect(await answeringLater(async () => refuse('locked'))).toEqual({
      refused: refusal('locked'),
    })
    expect(await answeringLater(async () => ({ n: 2 }))).toEqual({ n: 2 })
  })

  it('is never made of another error', async () => {
    const bug = new TypeError('a bug')
    const fail = (): never => {
      throw bug
    }
    expect(() => answering(fail)).toThrow(bug)
    await expect(answeringLater(async () => fail())).rejects.toBe(bug)
  })
})

describe('what is laid over defaults', () => {
  it('replaces what it names, and leaves what it does not', () => {
    const defaults = { digits: 6, enabled: true }
    expect(overlay(defaults, { digits: 8, enabled: undefined })).toEqual({
      digits: 8,
      enabled: true,
    })
    expect(overlay(defaults, { enabled: false })).toEqual({ digits: 6, enabled: false })
    expect(overlay(defaults)).toEqual(defaults)
    expect(defaults).toEqual({ digits: 6, enabled: true })
  })
})

describe('the environment of the operators', () => {
  it('follows from where the service is', () => {
    expect(operatorSettings('https://step.example:8443')).toEqual({
      name: 'Countersign',
      session: { issuer: 'https://step.example:8443', keys: { jwks: { keys: [] } } },
      rpId: 'step.example',
      rpName: 'Countersign',
      origins: ['https://step.example:8443'],
      audiences: ['https://step.example:8443/operator'],
      mfaTokens: 'off',
      history: { keepDays: 3650 },
    })
  })

  it.each([
    [true, 'always'],
    [false, 'never'],
  ] as const)('where a factor is enrolled: %j, asks of a change: %s', (guarded, asks) => {
    const issuer = 'https://step.example/operator'
    const actions = operatorActions(issuer, guarded)
    expect(actions.map(({ action }) => action).toSorted()).toEqual([
      'credential.link',
      'credential.unlink',
      'credential.update',
      'operator.change',
    ])
    expect(actions.find(({ action }) => action === 'operator.change')).toMatchObject({
      scope: 'operator:change',
      audience: issuer,
      rule: {
        require: asks,
        methods: ['totp', 'passkey'],
        singleUse: true,
        lifetimeSeconds: 300,
        freshnessSeconds: 300,
        mode: 'enforce',
      },
    })
  })

  it('binds a token to the call and to its input, in one spelling', () => {
    const details = changeDetails('environment.rotateKeys', { b: 1, a: 2 })
    expect(details).toEqual({
      call: 'environment.rotateKeys',
      input: '02JqwwqH5vemQoIzs8aCmZdoZfpVCOQmfFQVx2r3p3I',
    })
    expect(changeDetails('environment.rotateKeys', { a: 2, b: 1 })).toEqual(details)
    expect(changeDetails('environment.rotateKeys', { a: 3, b: 1 })).not.toEqual(details)
  })
})

describe('a key for automation', () => {
  const change = (path: string, weaker = false) => ({ path, weaker })

  it.each([
    'operator.create',
    'operator.revoke',
    'subject.unlock',
    'subject.resetFactors',
    'environment.remove',
  ])('may not call %s', (call) => {
    expect(refusalOf(() => checkAutomation(call, {}, []))).toEqual({
      reason: 'forbidden',
      message: `Automation keys cannot call ${call} this way. Ask a named operator to do it.`,
    })
  })

  it('does nothing to the operators themselves', () => {
    const call = () => checkAutomation('subject.endTokens', { environment: 'operator' }, [])
    expect(refusalOf(call).message).toContain('cannot call subject.endTokens this way')
  })

  it.each([
    ['session.keys', false],
    ['origins', false],
    ['rpId', false],
    ['assertions', false],
    ['actions[a].base.acr', true],
  ])('may not change %s where that weakens: %j', (path, weaker) => {
    const changes = [change('name'), change(path, weaker), change('history.keepDays', true)]
    expect(
      refusalOf(() => checkAutomation('environment.update', { environment: 'live' }, changes)),
    ).toEqual({
      reason: 'forbidden',
      message: `Automation keys cannot change \`${path}\` this way. Ask a named operator to do it.`,
    })
  })

  it('may do all else', () => {
    const changes = ['name', 'audiences', 'actions[session.x].base.acr', 'rpIdea'].map((path) =>
      change(path),
    )
    expect(() => checkAutomation('environment.update', {}, changes)).not.toThrow()
    expect(() => checkAutomation('subject.get', { environment: 'live' }, [])).not.toThrow()
  })
})
