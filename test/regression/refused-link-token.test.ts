// A token that was refused for a change of factors used to write nothing to the history.
import { expect, it } from 'vitest'
import { restartClockAfterEach } from '../support/clock.ts'
import { historyAfterTheHour } from '../support/evidence.ts'
import { enrollTotp, expectRefused, makeEnvironment, stepUp } from '../support/service.ts'

restartClockAfterEach()

it('counts a credential token that is shown again, and one that is for something else', async () => {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const { secret } = await enrollTotp(user)
  const { token } = await stepUp(user, secret, ['credential:link'])
  await user.with(token).factor.enroll.mutate({ kind: 'totp' })
  await expectRefused(user.with(token).factor.enroll.mutate({ kind: 'totp' }), 'token_used')
  await expectRefused(user.with(token).recovery.regenerate.mutate(), 'scope_not_allowed')
  const events = await historyAfterTheHour(environment.id, user.subject)
  const refused = events.filter(({ type }) => type === 'token.refused')
  expect(refused.map(({ actor, data }) => [actor, data.action, data.reason])).toEqual(
    expect.arrayContaining([
      ['subject', 'credential.link', 'token_used'],
      ['subject', 'credential.update', 'scope_not_allowed'],
    ]),
  )
  await user.signIn({})
  expect(await user.client.audit.verify.query()).toMatchObject({ intact: true })
})
