// Guessing codes in parallel: over many sessions, kinds of codes, factors, enrollments and environments, and in many
// spellings. test/domain/throttle.test.ts tests one counter over time.
import { runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { beforeEach, describe, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  operator,
  refusedBy,
  stepUp,
  type TestUser,
  totpCode,
  wrongCode,
} from '../support/service.ts'

restartClockAfterEach()
beforeEach(() => {
  // In the middle of a step, which then lasts as long as the test.
  advance(45 - (stopClock() % 30))
})

const NOBODYS = 'ABCD-EFGH-JKMN-PQRS-TVWX-YZ01'

const verify = (user: TestUser, code: string, factorId?: string) =>
  user.client.challenge.verify.mutate({ method: 'totp', code, ...(factorId && { factorId }) })
const recover = (user: TestUser, code: string, requestedScopes?: string[]) =>
  user.client.challenge.verify.mutate({
    method: 'recovery',
    code,
    ...(requestedScopes && { requestedScopes }),
  })
const confirm = (user: TestUser, factorId: string, code: string) =>
  user.client.factor.confirm.mutate({ kind: 'totp', factorId, code })

async function startTotp(user: TestUser, linkToken?: string) {
  const shown = await user.with(linkToken).factor.enroll.mutate({ kind: 'totp' })
  if (!('secret' in shown)) throw new Error('no TOTP secret came back')
  return shown
}

/** A user with TOTP, who can be signed in on any number of devices. */
async function scene() {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const totp = await enrollTotp(user)
  const device = (sid: string) => environment.user({ sub: user.subject, sid })
  const attempts = async () =>
    (await operator.subject.get.query({ environment: environment.id, subject: user.subject }))
      .attempts
  return { environment, user, ...totp, device, attempts }
}

/** How often each answer was given. */
async function tallyOf(guesses: Promise<unknown>[]): Promise<Record<string, number>> {
  const answers = await Promise.all(
    guesses.map((guess) =>
      guess.then(
        () => 'accepted',
        (error) => String(error.data?.reason ?? error),
      ),
    ),
  )
  const counts: Record<string, number> = {}
  for (const answer of answers) counts[answer] = (counts[answer] ?? 0) + 1
  return counts
}

const times = <T>(count: number, run: (index: number) => T): T[] =>
  Array.from({ length: count }, (_, index) => run(index))

describe('guesses at once', () => {
  it.each([1, 2, 3])(
    'are five of sixty, over sixty sessions and all three kinds of codes (round %i)',
    async () => {
      const at = await scene()
      const link = (await stepUp(at.user, at.secret, ['credential:link'])).token
      const pending = await startTotp(at.user, link)
      const [code, other] = [wrongCode(at.secret), wrongCode(pending.secret)]
      const all = await Promise.all(times(60, (index) => at.device(`session-${index}`)))
      const kinds = [
        (user: TestUser) => verify(user, code),
        (user: TestUser) => recover(user, NOBODYS),
        (user: TestUser) => confirm(user, pending.factorId, other),
      ] as const
      const guesses = all.map((user, index) => (kinds[index % 3] ?? kinds[0])(user))
      expect(await tallyOf(guesses)).toEqual({ invalid_code: 5, rate_limited: 55 })
      expect(await at.attempts()).toMatchObject({ consecutiveFailures: 5, failuresLastDay: 5 })
      // The right ones are not looked at either, of whatever kind.
      advance(29)
      const right = [
        verify(at.user, totpCode(at.secret)),
        recover(at.user, at.recoveryCodes[0] ?? ''),
        confirm(at.user, pending.factorId, totpCode(pending.secret)),
      ]
      expect(await tallyOf(right)).toEqual({ rate_limited: 3 })
      advance(1)
      await confirm(at.user, pending.factorId, totpCode(pending.secret))
    },
  )

  it('are five of fifty over the five enrollments that a new user may have open', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const open: Awaited<ReturnType<typeof startTotp>>[] = []
    for (let count = 0; count < 5; count += 1) open.push(await startTotp(user))
    const guesses = times(50, (index) => {
      const one = open[index % 5]
      return confirm(user, one?.factorId ?? '', wrongCode(one?.secret ?? ''))
    })
    expect(await tallyOf(guesses)).toEqual({ invalid_code: 5, rate_limited: 45 })
    // A further enrollment brings no further guesses.
    const next = await startTotp(user)
    await expectRefused(confirm(user, next.factorId, totpCode(next.secret)), 'rate_limited')
  })

  it('are five of forty over two authenticator apps of one user', async () => {
    const at = await scene()
    const link = (await stepUp(at.user, at.secret, ['credential:link'])).token
    const second = await enrollTotp(at.user, link)
    advance(60)
    const guesses = times(40, (index) =>
      index % 2 === 0
        ? verify(at.user, wrongCode(at.secret), at.factorId)
        : verify(at.user, wrongCode(second.secret), second.factorId),
    )
    expect(await tallyOf(guesses)).toEqual({ invalid_code: 5, rate_limited: 35 })
  })
})

describe('a guess in other letters', () => {
  it.each([
    ['a space in the middle', (code: string) => `${code.slice(0, 3)} ${code.slice(3)}`],
    ['a space after each digit', (code: string) => [...code].join(' ')],
  ])('is the same code, and no second use of it: %s', async (_what, spell) => {
    const at = await scene()
    const code = totpCode(at.secret)
    await verify(at.user, code)
    await expectRefused(verify(at.user, spell(code)), 'code_already_used')
    expect(await at.attempts()).toMatchObject({ consecutiveFailures: 1 })
  })

  it.each([
    '１２３４５６',
    '１２３456',
    '12345६',
    '123456\u200b',
    '+12345',
    '0x1234',
    '1e5000',
    '12345.',
  ])('is no code at all, and is not counted: %j', async (code) => {
    const at = await scene()
    await expectRefused(verify(at.user, code), 'input_invalid')
    expect(await at.attempts()).toMatchObject({ consecutiveFailures: 0 })
  })

  it.each([1, 2, 3])('wins no second use of a recovery code in a race (round %i)', async () => {
    const at = await scene()
    const [code = ''] = at.recoveryCodes
    const spellings = [code, code.toLowerCase(), code.replaceAll('-', ''), ` ${code} `]
    const tally = await tallyOf(times(20, (i) => recover(at.user, spellings[i % 4] ?? code)))
    expect(tally.accepted).toBe(1)
    expect((await at.user.client.factor.list.query()).recovery.remaining).toBe(9)
  })

  it.each([1, 2, 3])(
    'earns one token of two scopes that one recovery code opens (round %i)',
    async () => {
      const at = await scene()
      const [code = ''] = at.recoveryCodes
      const scopes = ['credential:link', 'credential:unlink']
      const tally = await tallyOf(times(10, (i) => recover(at.user, code, [scopes[i % 2] ?? ''])))
      expect(tally.accepted).toBe(1)
      const { environment, user } = at
      const whom = { environment: environment.id, subject: user.subject }
      expect(await operator.subject.get.query(whom)).toMatchObject({ liveTokens: 1 })
    },
  )
})

describe('guesses in two environments', () => {
  it('of one user by name are at two secrets, with a counter each', async () => {
    const [here, elsewhere] = [await scene(), await makeEnvironment()]
    const namesake = await elsewhere.user({ sub: here.user.subject })
    const there = await enrollTotp(namesake)
    await expectRefused(verify(namesake, totpCode(here.secret)), 'invalid_code')
    await expectRefused(verify(namesake, totpCode(here.secret), here.factorId), 'factor_not_found')
    for (let count = 1; count < 5; count += 1)
      await expectRefused(verify(namesake, wrongCode(there.secret)), 'invalid_code')
    await expectRefused(verify(namesake, totpCode(there.secret)), 'rate_limited')
    expect(await here.attempts()).toMatchObject({ consecutiveFailures: 0, failuresLastDay: 0 })
    expect(await verify(here.user, totpCode(here.secret))).toMatchObject({ acr: 'mfa' })
    // And a right code here ends no wait there.
    await expectRefused(verify(namesake, totpCode(there.secret)), 'rate_limited')
  })

  it('confirm no enrollment of the other, by its id and its secret', async () => {
    const [here, there] = [await makeEnvironment(), await makeEnvironment()]
    const user = await here.user()
    const namesake = await there.user({ sub: user.subject })
    const [own, foreign] = [await startTotp(user), await startTotp(namesake)]
    await expectRefused(
      confirm(user, foreign.factorId, totpCode(foreign.secret)),
      'factor_not_found',
    )
    await expectRefused(confirm(user, own.factorId, totpCode(foreign.secret)), 'invalid_code')
    await confirm(user, own.factorId, totpCode(own.secret))
    expect(await namesake.client.factor.list.query()).toMatchObject({ enrolled: false })
  })
})

describe('while codes may not be tried', () => {
  it('a right one is answered like a wrong one, word for word', async () => {
    const at = await scene()
    for (let count = 0; count < 5; count += 1)
      await expectRefused(verify(at.user, wrongCode(at.secret)), 'invalid_code')
    const answers = [
      await refusedBy(verify(at.user, wrongCode(at.secret))),
      await refusedBy(verify(at.user, totpCode(at.secret))),
      await refusedBy(verify(at.user, totpCode(at.secret, -1))),
      await refusedBy(recover(at.user, NOBODYS)),
      await refusedBy(recover(at.user, at.recoveryCodes[0] ?? '')),
    ]
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await at.attempts()).toMatchObject({ consecutiveFailures: 5 })
  })

  it('locked, neither: the hundredth failure of a month ends guessing at any speed', async () => {
    const at = await scene()
    const now = Math.floor(Date.now() / 1000)
    const failures = Array.from({ length: 99 }, (_, index) => now - (99 - index) * 20_000)
    const object = env.SUBJECT.getByName(subjectObjectName(at.environment.id, at.user.subject))
    await runInDurableObject(object, (_object, { storage }) => {
      const attempts = JSON.stringify({ failures, consecutive: 0, locked: false, dayFrom: 0 })
      storage.sql.exec("INSERT OR REPLACE INTO notes VALUES ('attempts', ?)", attempts)
    })
    await expectRefused(verify(at.user, wrongCode(at.secret)), 'invalid_code')
    advance(86_400)
    await at.user.signIn({})
    const answers = [
      await refusedBy(verify(at.user, wrongCode(at.secret))),
      await refusedBy(verify(at.user, totpCode(at.secret))),
      await refusedBy(recover(at.user, at.recoveryCodes[0] ?? '')),
    ]
    expect(answers.map(({ reason }) => reason)).toEqual(['locked', 'locked', 'locked'])
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1)
    expect(await at.user.client.factor.list.query()).toMatchObject({ recovery: { remaining: 10 } })
  })

  it('one that cannot be granted is refused alike, right or wrong, and tells nobody which', async () => {
    const at = await scene()
    const ask = (code: string, requestedScopes: string[]) =>
      at.user.client.challenge.verify.mutate({ method: 'totp', code, requestedScopes })
    for (const scopes of [['no:such'], ['wallet:sign', 'credential:link']]) {
      const answers = [
        await refusedBy(ask(wrongCode(at.secret), scopes)),
        await refusedBy(ask(totpCode(at.secret), scopes)),
      ]
      expect(answers[0]).toEqual(answers[1])
    }
    expect(await at.attempts()).toMatchObject({ consecutiveFailures: 0, failuresLastDay: 0 })
  })
})
