// What happened once or was counted stays so where the object of the user is opened again, as after a deployment or a
// crash: nothing of it may be known from memory alone.
import { env } from 'cloudflare:workers'
import { beforeEach, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { enrollPasskey, makeDevice, startStepUp } from '../support/ceremonies.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  refusedBy,
  stepUp,
  totpCode,
  wrongCode,
} from '../support/service.ts'
import { end } from '../support/stored.ts'

restartClockAfterEach()
beforeEach(() => {
  // In the middle of a step, which then lasts as long as the test.
  advance(45 - (stopClock() % 30))
})

async function scene() {
  const environment = await makeEnvironment()
  const user = await environment.user()
  const totp = await enrollTotp(user)
  const resource = await environment.resource()
  const reopen = () => end(env.SUBJECT.getByName(subjectObjectName(environment.id, user.subject)))
  const verify = (method: 'totp' | 'recovery', code: string) =>
    user.client.challenge.verify.mutate({ method, code })
  return { user, totp, resource, reopen, verify }
}
type Scene = Awaited<ReturnType<typeof scene>>

const ONCE: [
  what: string,
  reason: string,
  prepare: (at: Scene) => Promise<() => Promise<unknown>>,
][] = [
  [
    'a single-use token',
    'token_used',
    async ({ user, totp, resource }) => {
      const { token } = await stepUp(user, totp.secret, ['wallet:sign'])
      const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
      return () => resource.client.token.consume.mutate(use)
    },
  ],
  [
    'a code of an authenticator app',
    'code_already_used',
    async ({ totp, verify }) => {
      const code = totpCode(totp.secret)
      return () => verify('totp', code)
    },
  ],
  [
    'a recovery code',
    'code_already_used',
    async ({ totp, verify }) => {
      const [code = ''] = totp.recoveryCodes
      return () => verify('recovery', code)
    },
  ],
  [
    'the challenge of a passkey',
    'challenge_used',
    async ({ user, totp }) => {
      const device = makeDevice()
      const { token } = await stepUp(user, totp.secret, ['credential:link'])
      await enrollPasskey(user, device, { linkToken: token })
      const { challenge, options } = await startStepUp(user)
      const response = await device.authenticate(options)
      return () => user.client.challenge.verify.mutate({ method: 'passkey', challenge, response })
    },
  ],
]

it.each(ONCE)('%s is used once', async (_what, reason, prepare) => {
  const at = await scene()
  const use = await prepare(at)
  await use()
  await at.reopen()
  await expectRefused(use(), reason as 'token_used')
})

it('wrong codes stay counted', async () => {
  const at = await scene()
  const left: unknown[] = []
  for (let i = 0; i < 3; i += 1) {
    const refused = await refusedBy(at.verify('totp', wrongCode(at.totp.secret)))
    left.push(refused?.attemptsLeft)
    await at.reopen()
  }
  expect(left).toEqual([4, 3, 2])
})
