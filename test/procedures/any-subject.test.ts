// Users with any name: every procedure that returns their name, or a cursor over their history, works for every
// subject.
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { SubjectId } from '../../contract/index.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { AUDIT_PAGE_SIZE, AUDIT_VERIFY_PAGE_SIZE } from '../../functions/state/history.ts'
import { startEnrolling } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  makeEnvironment,
  operator,
  stepUp,
  type TestEnvironment,
  unique,
} from '../support/service.ts'
import { fillHistory } from '../support/stored.ts'

restartClockAfterEach()

let environment: TestEnvironment
let resource: Awaited<ReturnType<TestEnvironment['resource']>>['client']
beforeAll(async () => {
  environment = await makeEnvironment()
  resource = (await environment.resource()).client
})

/** The longest of several scripts, and those that grow most when they are written as JSON or percent-encoded. */
const UNITS = ['a', '"', '\\', 'ü', '漢', '\u0301', '😀', ' ', '%', '&']
const longestOf = (unit: string) => unit.repeat(255 / unit.length)
const LONGEST = UNITS.map(longestOf)
const anySubject = fc
  .oneof(
    fc.constantFrom(...LONGEST),
    fc.string({ unit: 'grapheme', minLength: 1, maxLength: 255 }),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 255 }),
  )
  .map((subject) => subject.slice(0, 255))
  .filter((subject) => SubjectId.safeParse(subject).success)

const fill = (subject: string, events: number) =>
  fillHistory(env.SUBJECT.getByName(subjectObjectName(environment.id, subject)), events)

describe('a user of any name', () => {
  it('reads and is read, page by page, enrolls, steps up and spends', async () => {
    // In the middle of a step, so that no code has to wait.
    advance(45 - (stopClock() % 30))
    await fc.assert(
      fc.asyncProperty(anySubject, async (drawn) => {
        // Each run is a user of their own, with as much of the drawn name as there is room for.
        const suffix = unique('')
        const subject = drawn.slice(0, 255 - suffix.length).toWellFormed() + suffix
        const user = await environment.user({ sub: subject })
        const { secret } = await enrollTotp(user)
        const { token } = await stepUp(user, secret, ['wallet:sign'])
        expect(await resource.token.introspect.query({ token })).toMatchObject({ sub: subject })
        const consumed = await resource.token.consume.mutate({
          token,
          subject,
          action: 'wallet.waas.sign',
        })
        expect(consumed.claims.sub).toBe(subject)
        await fill(subject, AUDIT_PAGE_SIZE)
        const whom = { environment: environment.id, subject }
        expect(await operator.subject.get.query(whom)).toMatchObject({ enrolled: true })
        for (const [client, input] of [
          [user.client, {}],
          [operator, whom],
        ] as const) {
          const list = await client.audit.list.query(input)
          expect(list.cursor).toMatch(/^.{20,200}$/)
          const { events } = await client.audit.list.query({ ...input, cursor: list.cursor })
          expect(events.length).toBeGreaterThan(0)
          expect(await client.audit.verify.query(input)).toMatchObject({ intact: true })
        }
      }),
      { numRuns: 20, examples: LONGEST.map((subject) => [subject]) },
    )
  })

  it.each(UNITS)('has a long history verified page by page (%j)', async (unit) => {
    const subject = longestOf(unit).slice(0, 200) + unique('')
    const user = await environment.user({ sub: subject })
    await user.client.factor.enroll.mutate({ kind: 'totp' })
    await fill(subject, AUDIT_VERIFY_PAGE_SIZE)
    for (const [client, input] of [
      [user.client, {}],
      [operator, { environment: environment.id, subject }],
    ] as const) {
      const { cursor } = await client.audit.verify.query(input)
      expect(cursor).toMatch(/^.{20,200}$/)
      const rest = await client.audit.verify.query({ ...input, cursor })
      expect(rest).toMatchObject({ intact: true })
      expect(rest).not.toHaveProperty('cursor')
    }
  })

  it('sees their name in what enrolls a passkey and an authenticator app', async () => {
    for (const longest of LONGEST) {
      const subject = longest.slice(0, 200) + unique('')
      const user = await environment.user({ sub: subject })
      const { options } = await startEnrolling(user)
      expect(options.user).toHaveProperty('name', expect.stringMatching(/./))
      const shown = await user.client.factor.enroll.mutate({ kind: 'totp' })
      expect('uri' in shown && shown.uri).toContain('otpauth://totp/')
    }
  })
})
