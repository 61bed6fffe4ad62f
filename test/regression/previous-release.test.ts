// State that the previous release stored still works, and members missing from its documents keep their earlier
// defaults. release-0.1.0.json has rows that the code of that release wrote.
import { env } from 'cloudflare:workers'
import { importJWK, SignJWT } from 'jose'
import { beforeAll, expect, it } from 'vitest'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { holderOf } from '../support/operators.ts'
import { call, expectRefused, now, OPERATOR_KEY, totpCode } from '../support/service.ts'
import { restore, type Stored, storedBy } from '../support/stored.ts'
import { withVariables } from '../support/variables.ts'
import stored from './release-0.1.0.json' with { type: 'json' }

restartClockAfterEach()

const ID = 'previous-release'
const SUBJECT = 'alice'

let bearer = ''
async function signIn() {
  bearer = await sessionOf(SUBJECT)
}
async function sessionOf(subject: string): Promise<string> {
  const key = await importJWK(stored.login, 'ES256')
  return new SignJWT({ aud: 'app', sub: subject, sid: 's2', auth_time: now() })
    .setProtectedHeader({ alg: 'ES256', kid: stored.login.kid })
    .setIssuer('https://login.example')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(key)
}

beforeAll(async () => {
  const { directory, environment, subject } = stored.objects as unknown as Record<string, Stored>
  if (!directory || !environment || !subject) throw new Error('an object is missing')
  await restore(env.DIRECTORY.getByName('directory'), directory)
  await restore(env.ENVIRONMENT.getByName(ID), environment)
  await restore(env.SUBJECT.getByName(subjectObjectName(ID, SUBJECT)), subject)
  await signIn()
})

const user = call({ environment: ID, bearer: () => bearer })
const resource = call({ environment: ID, bearer: () => stored.resourceKey })
const ada = holderOf(stored.operatorKey, 'ada').client

it('keeps its operators: a named one counts as having called, so that OPERATOR_KEY stays ended', async () => {
  expect(await ada.operator.self.query()).toMatchObject({ name: 'ada' })
  const deployed = withVariables({ PUBLIC_URL: 'https://countersign.example' })
  const first = deployed.call({ environment: 'operator', bearer: () => OPERATOR_KEY })
  await expectRefused(first.operator.self.query(), 'unauthenticated')
  const robot = holderOf(stored.automationKey, 'robot').client
  expect((await robot.environment.list.query()).environments).toMatchObject([{ environment: ID }])
})

it('gives missing members the meaning that they had: legacy tokens once, reusable own actions', async () => {
  const { settings } = await ada.environment.get.query({ environment: ID })
  expect(settings.mfaTokens).toBe('single')
  stopClock()
  const verified = await user.challenge.verify.mutate({
    method: 'totp',
    code: totpCode(stored.secret),
    requestedScopes: ['orders:refund'],
    mfaToken: { singleUse: true },
  })
  expect(verified.elevatedToken).toMatchObject({ singleUse: false })
  const token = verified.mfaToken?.token ?? ''
  const use = { token, subject: SUBJECT, action: 'wallet.waas.export' }
  expect(await resource.token.consume.mutate(use)).toMatchObject({ accepted: true })
})

it('keeps that meaning when the document is saved again as an older client writes it', async () => {
  const { settings, version } = await ada.environment.get.query({ environment: ID })
  const { mfaTokens: _mfaTokens, ...older } = settings
  const actions = [{ action: 'order.refund', scope: 'orders:refund' }]
  const updated = await ada.environment.update.mutate({
    environment: ID,
    version,
    settings: { ...older, name: 'Another name', actions },
  })
  expect(updated.settings.mfaTokens).toBe('single')
  expect(updated.settings.actions?.[0]?.base?.singleUse).not.toBe(true)
})

it('keeps its factors, codes and history, and its passkey is usable', async () => {
  stopClock()
  // The hour in which the previous release counted has ended.
  advance(3600)
  await signIn()
  const { factors } = await user.factor.list.query()
  expect(factors).toMatchObject([
    { kind: 'totp' },
    { factorId: stored.passkey, passkey: { usable: true } },
  ])
  const { options } = await user.challenge.start.mutate({ method: 'passkey' })
  expect(options.allowCredentials).toMatchObject([{ id: stored.credentialId }])
  const recovered = await user.challenge.verify.mutate({
    method: 'recovery',
    code: stored.recoveryCode,
    requestedScopes: ['credential:link'],
  })
  expect(recovered.elevatedToken).toHaveProperty('token')
  await user.factor.rename.mutate({ factorId: stored.passkey, label: 'renamed' })
  const { events } = await user.audit.list.query()
  const types = events.map(({ type }) => type)
  // What was counted by the previous release is written, too.
  expect(types).toEqual(
    expect.arrayContaining(['factor.renamed', 'token.refused', 'policy.observed']),
  )
  expect(await user.audit.verify.query()).toMatchObject({ intact: true })
  expect(await ada.audit.verify.query({ environment: ID })).toMatchObject({ intact: true })
  expect(await ada.audit.verify.query({})).toMatchObject({ intact: true })
})

/** Returns the statements that made some tables, without `WITHOUT ROWID`, which older tables lack. */
const asTables = (schema: string[] = []) =>
  new Set(schema.map((made) => made.replace(/\s+WITHOUT ROWID$/, '')))

it('has every table of a new user after its first change', async () => {
  const session = await sessionOf('newcomer')
  const newcomer = call({ environment: ID, bearer: () => session })
  await newcomer.factor.enroll.mutate({ kind: 'totp' })
  const [older, newer] = await Promise.all(
    [SUBJECT, 'newcomer'].map((subject) =>
      storedBy(env.SUBJECT.getByName(subjectObjectName(ID, subject))),
    ),
  )
  expect(asTables(older?.schema)).toEqual(asTables(newer?.schema))
})
