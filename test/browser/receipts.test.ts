// A receipt from a passkey in a browser to everybody who verifies it: our own code, and those in Python and Go.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { verifyReceipt } from '../../client/receipt.ts'
import { isAbsent } from '../peers/support/peers.ts'
import { VERIFIERS } from '../peers/support/verifiers.ts'
import {
  browserTests,
  dialogOf,
  enrollPasskey,
  makePerson,
  serviceUrl,
  signIn,
  walletUrl,
} from './support/page.ts'

const openPage = browserTests()

/** A user signs a message with a passkey. Returns the receipt, the details that the page sent, and the keys. */
async function signedMessage() {
  const page = await openPage()
  const person = await makePerson()
  await signIn(page, person.name)
  await enrollPasskey(page)
  const asked = page.waitForRequest((call) => /policy\.check$/.test(call.url()))
  await page.getByRole('tab', { name: 'Message' }).click()
  await page.getByRole('button', { name: 'Sign message' }).click()
  await dialogOf(page).getByRole('button', { name: 'Continue with passkey' }).click()
  await page.getByText('your wallet signed this').waitFor()
  const { events } = await person.countersign.audit.list.query()
  const passed = events.find(({ type, data }) => type === 'step_up.passed' && data.tokens)
  const tokens = (passed?.data.tokens ?? []) as { jti: string }[]
  const jti = tokens[0]?.jti ?? ''
  const receipt = await person.countersign.receipt.get.query({ jti })
  const jwks = await (await fetch(`${serviceUrl}/wallet/receipts/jwks.json`)).json()
  const { details }: { details: Record<string, unknown> } = (await asked).postDataJSON()
  return { receipt, details, jwks }
}

it('a receipt of a passkey in Chromium is verified by our own code, and by Python and Go alike', async () => {
  const { receipt, details, jwks } = await signedMessage()
  const verdict = await verifyReceipt(receipt, { jwks, details })
  expect(verdict).toMatchObject({ valid: true, signedBy: 'credential', details: 'matched' })
  const said = 'says' in verdict ? verdict.says.join('\n') : ''
  expect(said).toContain(
    `signed exactly these details for wallet.waas.sign, on a page of ${walletUrl}.`,
  )
  expect(said).toContain('was consumed once')

  const other = { ...details, message: 'another message' }
  const cases = [
    { name: 'as it is', input: { receipt, details }, verdict: 'valid', reason: null },
    { name: 'edited', input: { receipt: { ...receipt, sub: 'mallory' } }, reason: 'signature' },
    { name: 'of other details', input: { receipt, details: other }, reason: 'details' },
  ].map((one) => ({ kind: 'receipt', now: receipt.iat, verdict: 'invalid', ...one }))
  const folder = mkdtempSync(join(tmpdir(), 'countersign-receipt-'))
  const file = join(folder, 'receipt.json')
  writeFileSync(file, JSON.stringify({ keys: { tokens: jwks, receipts: jwks }, vectors: cases }))
  try {
    const expected = cases.map(({ kind, name, verdict, reason }) => ({
      kind,
      name,
      verdict,
      reason,
    }))
    for (const [peer, , verify] of VERIFIERS)
      if (!isAbsent(peer)) expect(verify(file)).toEqual(expected)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})
