// Checkpoints: the environment signs where a history ends, so that a reader who kept one notices when newer events
// are cut off or replaced.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createLocalJWKSet, decodeJwt, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { forgetEnvironment } from '../../functions/edge/environment.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  now,
  operator,
  PUBLIC_URL,
  send,
  stepUp,
  type TestUser,
} from '../support/service.ts'

restartClockAfterEach()

const subjectOf = (environment: string, subject: string) =>
  env.SUBJECT.getByName(subjectObjectName(environment, subject))
const rename = (user: TestUser, factorId: string, label: string) =>
  user.client.factor.rename.mutate({ factorId, label })

/** A user with some events, and the checkpoint of their history. */
async function scene() {
  const environment = await makeEnvironment({ history: { keepDays: 1 } })
  const user = await environment.user()
  const { factorId, secret } = await enrollTotp(user)
  await rename(user, factorId, 'first')
  await rename(user, factorId, 'second')
  const { checkpoint } = await user.client.audit.checkpoint.query()
  const run = (...statements: string[]) =>
    runInDurableObject(subjectOf(environment.id, user.subject), (_object, { storage }) => {
      for (const statement of statements) storage.sql.exec(statement)
    })
  return { environment, user, factorId, secret, checkpoint, run }
}

const CUT = [
  'DELETE FROM events WHERE seq = 4',
  'UPDATE chain SET seq = 3, head = (SELECT hash FROM events WHERE seq = 3)',
]
/** Runs another history from here on, and so replaces the newest events by well-formed ones. */
const replaceNewest = async ({ run, user, factorId }: Awaited<ReturnType<typeof scene>>) => {
  await run(...CUT)
  await rename(user, factorId, 'another')
  await rename(user, factorId, 'and another')
}

const deleteAll = async ({ environment, user }: Awaited<ReturnType<typeof scene>>) => {
  await runInDurableObject(subjectOf(environment.id, user.subject), async (_object, state) => {
    await state.storage.deleteAll()
    state.abort('opened again')
  }).catch(() => undefined)
}

describe('a checkpoint', () => {
  it('is signed by the receipt key, and names the chain, its position, its head and the time', async () => {
    stopClock()
    const { environment, user, checkpoint } = await scene()
    const keySet = await (await send(`/${environment.id}/receipts/jwks.json`)).json<JSONWebKeySet>()
    const { payload, protectedHeader } = await jwtVerify(checkpoint, createLocalJWKSet(keySet))
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'countersign-checkpoint+jwt' })
    const { events } = await user.client.audit.list.query()
    expect(payload).toEqual({
      iss: `${PUBLIC_URL}/${environment.id}`,
      sub: user.subject,
      position: 4,
      head: events[0]?.hash,
      iat: now(),
    })
  })

  it('can be had by operators, of a user, an environment and the directory', async () => {
    const { environment, user, checkpoint } = await scene()
    const of = async (input: { environment?: string; subject?: string }) =>
      decodeJwt((await operator.audit.checkpoint.query(input)).checkpoint)
    const { iat: _, ...own } = decodeJwt(checkpoint)
    expect(await of({ environment: environment.id, subject: user.subject })).toMatchObject(own)
    const iss = `${PUBLIC_URL}/${environment.id}`
    const ofEnvironment = await of({ environment: environment.id })
    expect(ofEnvironment).toMatchObject({ iss, environment: environment.id, position: 1 })
    expect(ofEnvironment).not.toHaveProperty('sub')
    const ofDirectory = await of({})
    expect(ofDirectory).toMatchObject({ iss: `${PUBLIC_URL}/operator` })
    expect(ofDirectory).not.toHaveProperty('environment')
    await expectRefused(user.client.audit.checkpoint.query({ subject: 'alice' }), 'forbidden')
  })
})

describe('a history with an earlier checkpoint', () => {
  it('has only grown since', async () => {
    const { environment, user, factorId, checkpoint } = await scene()
    await rename(user, factorId, 'later')
    expect(await user.client.audit.verify.query({ checkpoint })).toMatchObject({
      intact: true,
      since: 'intact',
    })
    const chain = { environment: environment.id, subject: user.subject }
    expect(await operator.audit.verify.query({ ...chain, checkpoint })).toMatchObject({
      since: 'intact',
    })
    expect(await user.client.audit.verify.query()).not.toHaveProperty('since')
  })

  it.each<[string, (at: Awaited<ReturnType<typeof scene>>) => Promise<unknown>, intact: boolean]>([
    ['its newest event was cut off', ({ run }) => run(...CUT), true],
    ['its newest event was replaced', replaceNewest, true],
    [
      'two events changed places',
      ({ run }) =>
        run(
          'UPDATE events SET seq = 9 WHERE seq = 3',
          'UPDATE events SET seq = 3 WHERE seq = 4',
          'UPDATE events SET seq = 4 WHERE seq = 9',
        ),
      false,
    ],
    [
      'an earlier event was changed',
      ({ run }) => run("UPDATE events SET data = '{}' WHERE seq = 1"),
      false,
    ],
    ['it was deleted', deleteAll, true],
  ])('is broken where %s', async (_what, change, intact) => {
    const at = await scene()
    await change(at)
    const { checkpoint } = at
    expect(await at.user.client.audit.verify.query({ checkpoint })).toMatchObject({
      intact,
      since: 'broken',
    })
  })

  it('is unknown, and never intact, once the events up to the checkpoint were deleted', async () => {
    stopClock()
    const at = await scene()
    const { user, factorId, checkpoint } = at
    advance(2 * 24 * 3600)
    await user.signIn({})
    await rename(user, factorId, 'later')
    const verify = () => user.client.audit.verify.query({ checkpoint })
    const object = subjectOf(at.environment.id, user.subject)
    await runDurableObjectAlarm(object)
    expect(await verify()).toMatchObject({ since: 'intact', count: 1 })
    advance(2 * 24 * 3600)
    await user.signIn({})
    await rename(user, factorId, 'much later')
    await runDurableObjectAlarm(object)
    expect(await verify()).toMatchObject({ intact: true, since: 'unknown' })
  })

  it('is not compared with a checkpoint of another user, environment or key', async () => {
    const [here, there] = [await scene(), await scene()]
    const verify = (checkpoint: string) => here.user.client.audit.verify.query({ checkpoint })
    const another = await here.environment.user()
    const { checkpoint: anothers } = await another.client.audit.checkpoint.query()
    const environment = here.environment.id
    const { checkpoint: environments } = await operator.audit.checkpoint.query({ environment })
    const { token } = await stepUp(here.user, here.secret, ['wallet:sign'])
    for (const foreign of [there.checkpoint, anothers, environments, token, 'garbage'])
      await expectRefused(verify(foreign), 'input_invalid')
    await operator.environment.rotateKeys.mutate({
      ...{ environment, use: 'receipts', compromised: true },
    })
    forgetEnvironment(environment)
    await expectRefused(verify(here.checkpoint), 'input_invalid')
  })
})
