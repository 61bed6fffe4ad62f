// Code of existing applications in this field, run unchanged except for the import of countersign.
import { registerPasskey } from 'countersign'
import { afterEach, expect, it, vi } from 'vitest'
import { exportWithCode, exportWithPasskey } from '../snippets/deprecated.ts'
import { onExportPrivateKeyClick as exportByPasskey } from '../snippets/passkey.ts'
import { onExportPrivateKeyClick as exportByCode } from '../snippets/totp.ts'
import { at, makeApplication } from '../support/application.ts'
import { plugIn } from '../support/browser.ts'
import { makeDevice } from '../support/ceremonies.ts'
import { enrollTotp, totpCode } from '../support/service.ts'

afterEach(() => void vi.unstubAllGlobals())

const params = { url: at('/export') }

/** A user in front of a page whose instance is the default one. */
async function openPage() {
  const { environment, page, done } = await makeApplication()
  const user = await environment.user()
  page(user, { isDefault: true })
  return { user, done }
}

it('exports with a code', async () => {
  const { user, done } = await openPage()
  const { secret } = await enrollTotp(user)
  expect(await exportByCode(params, totpCode(secret))).toEqual({ done: 'wallet.waas.export' })
  await expect(exportByCode(params, totpCode(secret))).rejects.toMatchObject({
    reason: 'code_already_used',
  })
  expect(done).toHaveLength(1)
})

it('exports without a code for a user who never enrolled', async () => {
  const { done } = await openPage()
  expect(await exportByCode(params, '')).toEqual({ done: 'wallet.waas.export' })
  expect(done).toHaveLength(1)
})

it('exports with a passkey', async () => {
  const { done } = await openPage()
  plugIn(makeDevice())
  const { device, recoveryCodes } = await registerPasskey({ label: 'Laptop' })
  expect(device).toMatchObject({ type: 'passkey', label: 'Laptop', isDefault: true })
  expect(recoveryCodes).toHaveLength(10)
  for (let times = 0; times < 2; times += 1) {
    expect(await exportByPasskey(params)).toEqual({ done: 'wallet.waas.export' })
  }
  expect(done).toHaveLength(2)
})

it('exports with the deprecated token of a code', async () => {
  const { user, done } = await openPage()
  const { secret } = await enrollTotp(user)
  expect(await exportWithCode(params, totpCode(secret))).toEqual({ done: 'wallet.waas.export' })
  expect(done).toHaveLength(1)
})

it('exports with the deprecated token of a passkey', async () => {
  const { done } = await openPage()
  plugIn(makeDevice())
  await registerPasskey()
  expect(await exportWithPasskey(params)).toEqual({ done: 'wallet.waas.export' })
  expect(done).toHaveLength(1)
})
