// The SDK with a key of the page, the service and a guarded API: everything works as without a key, and what was
// copied from the page does not.
import { beforeEach, describe, expect, it, vi } from 'vitest'
import { withDpop } from '../../client/dpop.ts'
import * as sdk from '../../client/index.ts'
import { at, makeApplication } from '../support/application.ts'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { enrollTotp, totpCode } from '../support/service.ts'

restartClockAfterEach()
beforeEach(() => {
  stopClock()
  // There is no IndexedDB here, so that each page has a key of its own, as each browser has.
  vi.spyOn(console, 'warn').mockReturnValue()
})

const ACTION = sdk.MFAAction.WalletWaasExport

/** An enrolled user in front of two browsers. */
async function scene(senderConstrained: 'none' | 'dpop' | 'dpopNonce') {
  const application = await makeApplication({ senderConstrained })
  const user = await application.environment.user()
  const { secret, factorId } = await enrollTotp(user)
  const [here, there] = [0, 1].map(() => application.page(user, {}, withDpop))
  if (!here || !there) throw new Error('no pages')
  const earn = async (scope: string, page = here) => {
    advance(30)
    const code = totpCode(secret)
    return sdk.authenticateTotpMfaDevice({ code, requestedScopes: [scope] }, page.instance)
  }
  return { application, user, secret, factorId, here, there, earn }
}

describe.each(['none', 'dpop', 'dpopNonce'] as const)(
  'with a key, where it says %s',
  (required) => {
    it('a page steps up and its action is done', async () => {
      const { application, here, secret } = await scene(required)
      advance(30)
      const prompt = async () => ({ method: 'totp', code: totpCode(secret) }) as const
      const answer = await sdk.withStepUp(
        ACTION,
        (fetch) => fetch(at('/export'), { method: 'POST' }),
        { prompt },
        here.instance,
      )
      expect(answer.status).toBe(200)
      expect(application.done).toHaveLength(1)
    })

    it('a page changes factors and uses a reusable token again', async () => {
      const { application, here, earn, factorId } = await scene(required)
      await earn('credential:update')
      await sdk.setDefaultMfaDevice({ deviceId: factorId }, here.instance)
      await earn('user:update')
      const update = () =>
        sdk.countersignFetch(
          at('/update'),
          { method: 'POST', mfaAction: sdk.MFAAction.UserUpdate },
          here.instance,
        )
      for (const { status } of [await update(), await update()]) expect(status).toBe(200)
      expect(application.done).toHaveLength(2)
    })

    it('a token that was copied from one browser is refused from another, and still good here', async () => {
      const { application, here, there, earn } = await scene(required)
      await earn('wallet:export')
      const [stolen] = here.instance.tokens.list()
      if (!stolen) throw new Error('no token')
      const headers = {
        authorization: `Bearer ${here.state.user?.bearer()}`,
        'countersign-token': stolen.token,
      }
      const request = new Request(at('/export'), { method: 'POST', headers })
      const answer = await there.instance.fetch(request)
      expect(await answer.json()).toMatchObject({ status: 401, reason: 'proof_invalid' })
      expect(application.done).toEqual([])
      const mine = await sdk.countersignFetch(
        at('/export'),
        { method: 'POST', mfaAction: ACTION },
        here.instance,
      )
      expect(mine.status).toBe(200)
    })
  },
)

it('a page without a key is refused with `proof_required` where a proof is required', async () => {
  const { application, user, secret } = await scene('dpop')
  const { instance } = application.page(user)
  advance(30)
  const stepUp = sdk.authenticateTotpMfaDevice(
    { code: totpCode(secret), requestedScopes: ['wallet:export'] },
    instance,
  )
  await expect(stepUp).rejects.toMatchObject({ reason: 'proof_required' })
})

it('a user who signs out and in again has another key', async () => {
  const { here, earn } = await scene('dpop')
  const keyOf = async () => {
    await earn('wallet:export')
    const [, payload = ''] = (here.instance.tokens.list()[0]?.token ?? '').split('.')
    return JSON.parse(atob(payload.replaceAll('-', '+').replaceAll('_', '/'))).cnf.jkt
  }
  const before = await keyOf()
  expect(await sdk.logout(here.instance)).toEqual({ revoked: 1, failed: 0 })
  expect(await keyOf()).not.toBe(before)
})
