// Receipts: each step-up that issued a token has one, for its user, for operators, and for the resource that consumed
// the token. It is stored as long as the history.
import { runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test'
import { env } from 'cloudflare:workers'
import { compactVerify, createLocalJWKSet, decodeJwt } from 'jose'
import { describe, expect, it } from 'vitest'
import { canonical } from '../../contract/index.ts'
import { toBase64Url, utf8 } from '../../functions/domain/bytes.ts'
import { commitTo } from '../../functions/domain/details/details.ts'
import { subjectObjectName } from '../../functions/domain/names.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { DETAILS, REFUND, receiptKeys, refundScene } from '../support/receipts.ts'
import {
  enrollTotp,
  expectRefused,
  makeEnvironment,
  now,
  PUBLIC_URL,
  stepUp,
  totpCode,
} from '../support/service.ts'
import { end } from '../support/stored.ts'

restartClockAfterEach()

const subjectOf = (environment: string, subject: string) =>
  env.SUBJECT.getByName(subjectObjectName(environment, subject))
const storedReceipts = (environment: string, subject: string) =>
  runInDurableObject(subjectOf(environment, subject), (_object, { storage }) =>
    storage.sql.exec('SELECT jti FROM receipts').toArray(),
  )

describe('a receipt', () => {
  it('says what was verified, signed, issued and consumed, with both events and their chain', async () => {
    stopClock()
    const at = await refundScene()
    await at.user.client.policy.check.query({ action: REFUND.action, details: DETAILS })
    await at.consume()
    const receipt = await at.receiptFor(at.user)
    const { events } = await at.user.client.audit.list.query()
    const [consumed, issued] = events
    expect(receipt).toMatchObject({
      v: 1,
      iss: `${PUBLIC_URL}/${at.environment.id}`,
      environment: at.environment.id,
      sub: at.user.subject,
      iat: now(),
      version: 1,
      token: {
        ...{ jti: at.jti, kind: 'elevated', audience: at.AUDIENCE, scopes: [REFUND.scope] },
        ...{ actions: [REFUND.action], singleUse: true, issuedAt: now() },
      },
      proofs: [{ method: 'passkey', acr: 'phr', passkey: { rpId: 'app.example' } }],
      consumed: { at: now(), by: `resource:${at.resource.keyId}`, position: consumed?.seq },
      chain: { events: [issued, consumed], digests: [] },
    })
    const { details, proofs, chain } = receipt
    const salt = Buffer.from(details?.salt ?? '', 'base64url')
    expect(details?.hash).toBe(toBase64Url(commitTo(DETAILS, REFUND.action, salt)))
    expect(proofs[0]?.passkey?.statement.details).toBe(details?.hash)
    expect(JSON.stringify(receipt)).not.toContain(DETAILS.order)
    expect(decodeJwt(chain.checkpoint)).toMatchObject({
      ...{ iss: receipt.iss, sub: at.user.subject, position: consumed?.seq, head: consumed?.hash },
    })
  })

  it('is signed over its canonical form by the receipt key, never by the key of tokens', async () => {
    const at = await refundScene()
    const { signature, ...signed } = await at.receiptFor(at.user)
    const [header = '', , tail = ''] = signature.split('.')
    const jws = `${header}.${toBase64Url(utf8(canonical(signed)))}.${tail}`
    const keys = createLocalJWKSet(await receiptKeys(at.environment.id))
    const { protectedHeader } = await compactVerify(jws, keys)
    expect(protectedHeader).toMatchObject({ alg: 'ES256', typ: 'countersign-receipt+jws' })
  })

  it('contains the digests of the events between both, and no other event', async () => {
    const at = await refundScene()
    for (const label of ['one', 'two']) {
      const { factors } = await at.user.client.factor.list.query()
      await at.user.client.factor.rename.mutate({ factorId: factors[0]?.factorId ?? '', label })
    }
    await at.consume()
    const { chain } = await at.receiptFor(at.user)
    expect(chain.events.map(({ type }) => type)).toEqual(['step_up.passed', 'token.consumed'])
    expect(chain.digests).toHaveLength(2)
  })

  it('of a token that was not consumed has no consumption', async () => {
    const at = await refundScene()
    const receipt = await at.receiptFor(at.user)
    expect(receipt).not.toHaveProperty('consumed')
    expect(receipt.chain.events).toHaveLength(1)
  })

  it('exists for codes, recovery codes, assertions and both tokens of one step-up', async () => {
    const environment = await makeEnvironment({ actions: [REFUND] })
    const user = await environment.user()
    const { secret, recoveryCodes } = await enrollTotp(user)
    const wanted = { requestedScopes: [REFUND.scope], details: DETAILS }
    const mfaToken = { singleUse: true }
    const byCode = await user.client.challenge.verify.mutate({
      ...{ method: 'totp', code: totpCode(secret), mfaToken, ...wanted },
    })
    const byRecovery = await user.client.challenge.verify.mutate({
      ...{ method: 'recovery', code: recoveryCodes?.[0] ?? '', ...wanted },
    })
    const claims = {
      ...{ sub: user.subject, scope: REFUND.scope, authorization_details: [DETAILS] },
    }
    const byAssertion = await user.client.token.exchange.mutate({
      assertion: await environment.assertion(claims),
    })
    const tokens = [
      ...[byCode.elevatedToken, byCode.mfaToken, byRecovery.elevatedToken],
      byAssertion.elevatedToken,
    ]
    const receipts = await Promise.all(
      tokens.map((token) => user.client.receipt.get.query({ jti: token?.jti ?? '' })),
    )
    expect(receipts.map(({ proofs, token }) => [proofs[0]?.method, token.kind])).toEqual([
      ...[
        ['totp', 'elevated'],
        ['totp', 'mfa'],
        ['recovery', 'elevated'],
      ],
      ['assertion', 'elevated'],
    ])
    const salts = receipts.map(({ details }) => details?.salt)
    expect(salts[1]).toBeUndefined()
    expect(new Set(salts).size).toBe(4)
    for (const { proofs } of receipts) expect(proofs[0]).not.toHaveProperty('passkey')
  })

  it('of a token that a change of factors consumed names that change', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const { token, jti } = await stepUp(user, secret, ['credential:link'])
    await user.with(token).factor.enroll.mutate({ kind: 'totp' })
    const { chain, consumed } = await user.client.receipt.get.query({ jti })
    expect(chain.events[1]).toMatchObject({ type: 'enrollment.started', data: { jti } })
    expect(consumed).toMatchObject({ by: 'subject' })
  })
})

describe('who gets a receipt', () => {
  it('is its user and an operator, with the credential', async () => {
    const at = await refundScene()
    for (const who of [at.user, 'operator'] as const) {
      const { proofs } = await at.receiptFor(who)
      expect(proofs[0]?.passkey?.credentialId).toBe(at.device.credentials[0]?.id)
    }
  })

  it('is a resource once it consumed the token, without anything of the credential', async () => {
    const at = await refundScene()
    await expectRefused(at.receiptFor('resource'), 'not_found')
    await at.consume()
    const receipt = await at.receiptFor('resource')
    expect(receipt.proofs[0]).not.toHaveProperty('passkey')
    expect(receipt.details).toHaveProperty('salt')
    expect(JSON.stringify(receipt)).not.toContain(at.device.credentials[0]?.id)
  })

  it('is a resource with the credential where the settings allow it', async () => {
    const at = await refundScene('ES256', { receipts: { showCredential: true } })
    await at.consume()
    const { proofs } = await at.receiptFor('resource')
    expect(proofs[0]?.passkey?.credentialId).toBe(at.device.credentials[0]?.id)
  })

  it('is nobody else', async () => {
    const other = 'https://orders.example'
    const at = await refundScene('ES256', { audiences: ['https://wallet.example', other] })
    await at.consume()
    const { jti, environment, user } = at
    const mallory = await environment.user()
    const orders = await environment.resource(other)
    await expectRefused(mallory.client.receipt.get.query({ jti }), 'not_found')
    const { subject } = user
    await expectRefused(mallory.client.receipt.get.query({ subject, jti }), 'forbidden')
    await expectRefused(orders.client.receipt.get.query({ subject, jti }), 'not_found')
    const there = await makeEnvironment()
    const foreign = await there.resource()
    await expectRefused(foreign.client.receipt.get.query({ subject, jti }), 'not_found')
  })
})

describe('a stored receipt', () => {
  it.each([
    ['', 'SELECT 1'],
    [', in tables of an earlier release', 'CREATE INDEX receipts_seq ON receipts (seq)'],
  ])('is deleted with its event, and not before%s', async (_where, statement) => {
    stopClock()
    const at = await refundScene('ES256', { history: { keepDays: 1 } })
    const { environment, user } = at
    await runInDurableObject(subjectOf(environment.id, user.subject), (_object, { storage }) => {
      storage.sql.exec(statement)
    })
    const alarm = () => runDurableObjectAlarm(subjectOf(environment.id, user.subject))
    advance(12 * 3600)
    await alarm()
    expect(await storedReceipts(environment.id, user.subject)).toEqual([{ jti: at.jti }])
    advance(2 * 24 * 3600)
    await user.signIn({})
    await user.client.recovery.acknowledge.mutate({})
    await alarm()
    expect(await storedReceipts(environment.id, user.subject)).toEqual([])
    await expectRefused(at.receiptFor(user), 'not_found')
  })

  it('is deleted when the user has 50,000 newer ones', async () => {
    const { environment, user, jti } = await refundScene()
    const object = subjectOf(environment.id, user.subject)
    const fill = (count: number) =>
      runInDurableObject(object, (_object, { storage }) => {
        storage.sql.exec(
          `INSERT OR REPLACE INTO receipts WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
           SELECT 'jti-' || i, 1000 + i, '{}' FROM n`,
          count,
        )
      })
    await fill(49_999)
    await runDurableObjectAlarm(object)
    expect(await storedReceipts(environment.id, user.subject)).toContainEqual({ jti })
    await fill(50_000)
    await user.client.recovery.acknowledge.mutate({})
    await runDurableObjectAlarm(object)
    const left = await storedReceipts(environment.id, user.subject)
    expect(left).toHaveLength(50_000)
    expect(left).not.toContainEqual({ jti })
  })

  it('is written also where an earlier release made the object of the user', async () => {
    const environment = await makeEnvironment()
    const user = await environment.user()
    const { secret } = await enrollTotp(user)
    const object = subjectOf(environment.id, user.subject)
    await runInDurableObject(object, (_object, { storage }) => {
      for (const newer of ['receipts', 'checkpoints']) storage.sql.exec(`DROP TABLE ${newer}`)
    })
    await end(object)
    // The history is read before anything is written.
    await user.client.audit.verify.query()
    await end(subjectOf(environment.id, user.subject))
    await expectRefused(user.client.receipt.get.query({ jti: 'A'.repeat(22) }), 'not_found')
    const { jti } = await stepUp(user, secret, ['wallet:sign'])
    expect(await user.client.receipt.get.query({ jti })).toMatchObject({ token: { jti } })
  })

  it('is not signed where the history was changed', async () => {
    const at = await refundScene()
    await at.consume()
    await runInDurableObject(
      subjectOf(at.environment.id, at.user.subject),
      (_object, { storage }) => {
        storage.sql.exec(
          "UPDATE events SET actor = 'resource:another' WHERE type = 'token.consumed'",
        )
      },
    )
    const { message } = await expectRefused(at.receiptFor(at.user), 'conflict')
    expect(message).toContain('history')
  })
})
