// Attempts that the Worker refused before calling the user's object used to write nothing to the history.
import { expect, it } from 'vitest'
import { createAuthenticator } from '../support/authenticator.ts'
import { restartClockAfterEach } from '../support/clock.ts'
import { historyAfterTheHour } from '../support/evidence.ts'
import { enrollTotp, expectRefused, makeEnvironment, ORIGIN } from '../support/service.ts'

restartClockAfterEach()

it('counts an assertion that does not verify, and an answer to a challenge that is not ours', async () => {
  const environment = await makeEnvironment()
  const user = await environment.user()
  await enrollTotp(user)
  const assertion = await environment.assertion({ sub: 'somebody-else', scope: 'user:update' })
  for (let i = 0; i < 3; i += 1) {
    await expectRefused(user.client.token.exchange.mutate({ assertion }), 'assertion_invalid')
  }
  const device = createAuthenticator({ origin: ORIGIN, rpId: 'app.example' })
  const rp = { id: 'app.example', name: 'app' }
  const made = { challenge: 'AAAA', rp, user: { id: 'AAAA', name: 'a', displayName: 'a' } }
  await device.register({ ...made, pubKeyCredParams: [{ alg: -7 }] })
  const response = await device.authenticate({ challenge: 'AAAA', rpId: 'app.example' })
  const answer = { method: 'passkey' as const, challenge: 'e30.e30', response }
  await expectRefused(user.client.challenge.verify.mutate(answer), 'passkey_rejected')

  const events = await historyAfterTheHour(environment.id, user.subject)
  const failed = events.filter(({ type }) => type === 'step_up.failed')
  expect(failed.map(({ data }) => [data.method, data.reason, data.count])).toEqual(
    expect.arrayContaining([
      ['assertion', 'assertion_invalid', 3],
      ['passkey', 'passkey_rejected', 1],
    ]),
  )
  await user.signIn({})
  expect(await user.client.audit.verify.query()).toMatchObject({ intact: true })
})
