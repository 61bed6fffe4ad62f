// Checkpoints: the environment signs where a history ends, so that a reader who kept one notices when newer events
// are cut off or replaced.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { createLocalJWKSet, decodeJwt, generateKeyPair, type JSONWebKeySet, jwtVerify } from 'jose'
import { describe, expect, it } from 'vitest'
import {
  type ChainEnd,
  readCheckpoint,
  signCheckpoint,
} from '../../functions/domain/history/checkpoint.ts'
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
import { fillHistory } from '../support/stored.ts'

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

const storedIn = (object: DurableObjectStub) =>
  runInDurableObject(object, (_object, { storage }) =>
    storage.sql
      .exec<{ position: number; checkpoint: string }>('SELECT * FROM checkpoints')
      .toArray(),
  )

/** A user with 250 events. The service wrote the 100th and the 200th, and the alarms ran that they set. */
async function longScene() {
  const at = await scene()
  const object = subjectOf(at.environment.id, at.user.subject)
  for (const before of [95, 99]) {
    await fillHistory(object, before)
    await rename(at.user, at.factorId, `after ${before}`)
    const alarm = await runInDurableObject(object, (_object, { storage }) => storage.getAlarm())
    expect(alarm).toBeLessThanOrEqual((now() + 10) * 1000)
    await runDurableObjectAlarm(object)
  }
  await fillHistory(object, 50)
  const chain = { iss: `${PUBLIC_URL}/${at.environment.id}`, sub: at.user.subject }
  return { ...at, object, chain }
}
type LongScene = Awaited<ReturnType<typeof longScene>>

const cutAfter = ({ run }: Awaited<ReturnType<typeof scene>>, seq: number) =>
  run(
    `DELETE FROM events WHERE seq > ${seq}`,
    `UPDATE chain SET seq = ${seq}, head = (SELECT hash FROM events WHERE seq = ${seq})`,
  )
const withdrawKey = async ({ environment }: LongScene) => {
  await operator.environment.rotateKeys.mutate({
    ...{ environment: environment.id, use: 'receipts', compromised: true },
  })
  forgetEnvironment(environment.id)
}
/** Stores a checkpoint of another history at the 250th event, signed by a key that is not the environment's. */
const forge = async ({ object, chain }: LongScene) => {
  const key = (await generateKeyPair('ES256')).privateKey
  const end: ChainEnd = { events: 250, head: 'f'.repeat(64) }
  const forged = await signCheckpoint(chain, end, { kid: 'forged', key }, now())
  await runInDurableObject(object, (_object, { storage }) =>
    storage.sql.exec('INSERT INTO checkpoints VALUES (250, ?)', forged),
  )
}

describe('every hundred events', () => {
  it('the environment signs a checkpoint of the history of a user, by an alarm', async () => {
    stopClock()
    const { environment, user, object, chain } = await longScene()
    const keySet = await (await send(`/${environment.id}/receipts/jwks.json`)).json<JSONWebKeySet>()
    const stored = await storedIn(object)
    expect(stored.map(({ position }) => position)).toEqual([100, 200])
    for (const { position, checkpoint } of stored) {
      const { events } = await readCheckpoint(checkpoint, chain, keySet)
      expect(events).toBe(position)
      expect(await user.client.audit.verify.query({ checkpoint })).toMatchObject({
        ...{ intact: true, count: 250, since: 'intact' },
      })
    }
    await runDurableObjectAlarm(object)
    expect(await storedIn(object)).toEqual(stored)
  })

  it('the environment signs a checkpoint of its own history, too', async () => {
    const environment = await makeEnvironment()
    const object = env.ENVIRONMENT.getByName(environment.id)
    await fillHistory(object, 98)
    await environment.resource()
    await runDurableObjectAlarm(object)
    expect(await storedIn(object)).toMatchObject([{ position: 100 }])
    const verify = () => operator.audit.verify.query({ environment: environment.id })
    expect(await verify()).toMatchObject({ intact: true, count: 100 })
    await runInDurableObject(object, (_object, { storage }) => {
      storage.sql.exec('DELETE FROM events WHERE seq > 90')
      storage.sql.exec('UPDATE chain SET seq = 90, head = (SELECT hash FROM events WHERE seq = 90)')
    })
    expect(await verify()).toMatchObject({ intact: false, brokenAt: 91 })
  })

  it.each<[string, (at: LongScene) => Promise<unknown>, found: object]>([
    [
      'its newest event was deleted',
      ({ run }) => run('DELETE FROM events WHERE seq = 250'),
      { intact: false, brokenAt: 250 },
    ],
    ['its newest events were cut off', (at) => cutAfter(at, 180), { intact: false, brokenAt: 181 }],
    [
      'its newest events were replaced by well-formed ones',
      async (at) => {
        await cutAfter(at, 150)
        await fillHistory(at.object, 120)
      },
      { intact: false, brokenAt: 200 },
    ],
    [
      'all its events were replaced',
      async (at) => {
        await at.run('DELETE FROM events', `UPDATE chain SET seq = 0, head = '${'0'.repeat(64)}'`)
        await fillHistory(at.object, 250)
      },
      { intact: false, brokenAt: 100 },
    ],
    [
      'its newest events were cut off, and their receipt key was withdrawn: that key proves nothing',
      async (at) => {
        await cutAfter(at, 180)
        await withdrawKey(at)
      },
      { intact: true, count: 180 },
    ],
    ['another key signed another history', forge, { intact: true, count: 250 }],
    [
      'its oldest events were cut off, and their checkpoints stayed',
      ({ run }) =>
        run(
          'UPDATE chain SET anchor_seq = 230, anchor_hash = (SELECT hash FROM events WHERE seq = 230)',
          'DELETE FROM events WHERE seq <= 230',
        ),
      { intact: false, brokenAt: 100 },
    ],
  ])(
    'a history without a checkpoint of the caller is compared where %s',
    async (_w, change, found) => {
      stopClock()
      const at = await longScene()
      await change(at)
      expect(await at.user.client.audit.verify.query()).toMatchObject(found)
    },
  )

  it('a history is broken since an earlier checkpoint if a later one contradicts it', async () => {
    stopClock()
    const at = await longScene()
    await cutAfter(at, 180)
    const { checkpoint } = at
    expect(await at.user.client.audit.verify.query({ checkpoint })).toMatchObject({
      ...{ intact: false, since: 'broken' },
    })
  })

  it('a counted event that becomes the hundredth is signed by the alarm that writes it', async () => {
    stopClock()
    const at = await scene()
    const object = subjectOf(at.environment.id, at.user.subject)
    await fillHistory(object, 96)
    await at.run(
      `INSERT INTO tallies VALUES ('k', 'token.refused', 'subject', '{}', 1, ${now()}, ${now()}, ${now()})`,
    )
    await runDurableObjectAlarm(object)
    expect(await storedIn(object)).toMatchObject([{ position: 100 }])
  })

  it('are signed although a checkpoint beyond the newest event was invented', async () => {
    stopClock()
    const at = await longScene()
    await at.run("INSERT INTO checkpoints VALUES (9000000000000000, 'x')")
    await fillHistory(at.object, 49)
    await rename(at.user, at.factorId, 'the 300th')
    await runDurableObjectAlarm(at.object)
    expect((await storedIn(at.object)).map(({ position }) => position)).toContain(300)
  })

  it('are not signed in the name of another user', async () => {
    stopClock()
    const at = await scene()
    const object = subjectOf(at.environment.id, at.user.subject)
    await fillHistory(object, 96)
    await rename(at.user, at.factorId, 'the 100th')
    await at.run(`UPDATE notes SET value = '"bob"' WHERE key = 'subject'`)
    await runDurableObjectAlarm(object)
    expect(await storedIn(object)).toEqual([])
  })

  it('checkpoints go with their events', async () => {
    stopClock()
    const at = await longScene()
    advance(2 * 24 * 3600)
    await at.user.signIn({})
    await rename(at.user, at.factorId, 'later')
    await runDurableObjectAlarm(at.object)
    expect(await storedIn(at.object)).toEqual([])
    expect(await at.user.client.audit.verify.query()).toMatchObject({ intact: true, count: 1 })
  })
})
