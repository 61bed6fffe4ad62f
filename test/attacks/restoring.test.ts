// A restore of the storage brings back more than tokens. For each item of the checklist in docs/operating.md
// ("Restore"): it comes back, and the step in the list ends it.
import { env } from 'cloudflare:workers'
import { beforeAll, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { partsOf } from '../support/jwt.ts'
import { nameOperator } from '../support/operators.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  OPERATOR_KEY,
  operator,
  stepUp,
  totpCode,
} from '../support/service.ts'
import { restore, type Stored, storedBy } from '../support/stored.ts'
import { withVariables } from '../support/variables.ts'

restartClockAfterEach()

/** The service after the restore, with the epoch raised as the first step of the list says. */
const restored = withVariables({ RESTORE_EPOCH: '1' })
const operators = restored.call({ environment: 'operator', bearer: () => OPERATOR_KEY })

/** Everything that somebody may hold from before the restore. */
async function happened() {
  stopClock()
  const environment = await makeEnvironment()
  const user = await environment.user()
  const late = await environment.user()
  const totp = await enrollTotp(user)
  const resource = await environment.resource()
  const ended = await nameOperator()
  const { token } = await stepUp(user, totp.secret, ['wallet:sign'])
  const objects = [
    env.DIRECTORY.getByName('directory'),
    env.ENVIRONMENT.getByName(environment.id),
    env.SUBJECT.getByName(subjectObjectName(environment.id, user.subject)),
    env.SUBJECT.getByName(subjectObjectName(environment.id, late.subject)),
  ]
  const backup: Stored[] = []
  for (const object of objects) backup.push(await storedBy(object))

  // Since the backup: a token is spent, keys and an operator are revoked, rules are raised, a stolen phone is
  // removed, a key leaves as compromised, and another user enrolls.
  const { client } = resource
  const use = { token, subject: user.subject, action: 'wallet.waas.sign' }
  await client.token.consume.mutate(use)
  advance(30)
  const unlink = await stepUp(user, totp.secret, ['credential:unlink'])
  await user.with(unlink.token).factor.remove.mutate({ factorId: totp.factorId })
  await enrollTotp(late)
  const id = environment.id
  await operator.environment.revokeResourceKey.mutate({ environment: id, id: resource.keyId })
  await operator.operator.revoke.mutate({ id: ended.id })
  const strict = [{ action: 'wallet.waas.sign', base: { acr: 'phr' as const } }]
  await operator.environment.update.mutate({
    environment: id,
    settings: { ...environment.document, actions: strict },
    version: 1,
  })
  await operator.environment.rotateKeys.mutate({ environment: id, compromised: true })

  for (const [index, object] of objects.entries()) {
    const stored = backup[index]
    if (stored) await restore(object, stored)
  }
  // By now the isolates have dropped what they kept from before the restore.
  advance(30)
  await Promise.all([user.signIn({}), late.signIn({})])
  const caller = (bearer: () => string) => restored.call({ environment: id, bearer })
  return {
    ...{ environment, id, totp, use, ended },
    kid: String(partsOf(token).header.kid),
    resource: { ...resource, client: caller(() => resource.key) },
    user: { ...user, client: caller(user.bearer) },
    late: { ...late, client: caller(late.bearer) },
  }
}
let at: Awaited<ReturnType<typeof happened>>
beforeAll(async () => {
  at = await happened()
})

it('1: ends tokens and recovery codes by the epoch alone', async () => {
  await expectRefused(at.resource.client.token.consume.mutate(at.use), 'token_revoked')
  const [code = ''] = at.totp.recoveryCodes
  const recover = { method: 'recovery' as const, code, requestedScopes: ['credential:link'] }
  await expectRefused(at.user.client.challenge.verify.mutate(recover), 'invalid_code')
})

it('2: brings back operators who were revoked, until they are revoked again', async () => {
  const ended = restored.call({ environment: 'operator', bearer: () => at.ended.key })
  expect(await ended.operator.self.query()).toMatchObject({ id: at.ended.id })
  await operators.operator.create.mutate({ name: 'stays' })
  // Nobody else has called: the holder of OPERATOR_KEY names one who does.
  const { key } = await operators.operator.create.mutate({ name: 'calls' })
  await restored.call({ environment: 'operator', bearer: () => key }).operator.self.query()
  await operators.operator.revoke.mutate({ id: at.ended.id })
  await expectRefused(ended.operator.self.query(), 'unauthenticated')
})

it('3: brings back a signing key that left as compromised, until keys are rotated as compromised', async () => {
  const kids = async () => {
    const answer = await restored.send(`/${at.id}/.well-known/jwks.json`)
    const { keys } = (await answer.json()) as { keys: { kid: string }[] }
    return keys.map(({ kid }) => kid)
  }
  expect(await kids()).toContain(at.kid)
  await operators.environment.rotateKeys.mutate({ environment: at.id, compromised: true })
  expect(await kids()).not.toContain(at.kid)
})

it('4: brings back resource keys that were revoked, until they are revoked again', async () => {
  const list = () => at.resource.client.policy.list.query()
  expect(await list()).toHaveProperty('actions')
  const revoke = { environment: at.id, id: at.resource.keyId }
  await operators.environment.revokeResourceKey.mutate(revoke)
  await expectRefused(list(), 'unauthenticated')
})

it('5: brings back older settings, with their version, until the newer ones are saved again', async () => {
  const get = () => operators.environment.get.query({ environment: at.id })
  const { settings, version } = await get()
  expect(version).toBe(1)
  expect(settings.actions ?? []).not.toContainEqual(
    expect.objectContaining({ action: 'wallet.waas.sign', base: expect.anything() }),
  )
  const actions = [{ action: 'wallet.waas.sign', base: { acr: 'phr' as const } }]
  const saved = await operators.environment.update.mutate({
    environment: at.id,
    settings: { ...settings, actions },
    version,
  })
  expect(saved.version).toBe(2)
})

it('6: brings back factors that were removed, until the user is reset', async () => {
  stopClock()
  await at.user.signIn({})
  const { factors } = await at.user.client.factor.list.query()
  expect(factors).toMatchObject([{ factorId: at.totp.factorId }])
  const verify = () =>
    at.user.client.challenge.verify.mutate({ method: 'totp', code: totpCode(at.totp.secret) })
  advance(60)
  expect(await verify()).toHaveProperty('acr')
  await operators.subject.resetFactors.mutate({
    environment: at.id,
    subject: at.user.subject,
    reason: 'restored',
  })
  await expectRefused(verify(), 'enrollment_required')
})

it('7: makes a user who enrolled since one who never did, until a session alone enrolls nobody', async () => {
  await at.late.signIn({})
  expect(await at.late.client.factor.list.query()).toMatchObject({ enrolled: false, factors: [] })
  const enroll = () => at.late.client.factor.enroll.mutate({ kind: 'totp' })
  expect(await enroll()).toHaveProperty('factorId')
  const { settings, version } = await operators.environment.get.query({ environment: at.id })
  await operators.environment.update.mutate({
    environment: at.id,
    settings: { ...settings, firstFactor: 'assertion' },
    version,
  })
  await expectRefused(enroll(), 'assertion_invalid')
})
