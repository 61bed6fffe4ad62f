// Two tabs of one browser share the stored tokens: only one of them sends a single-use token.
import { build } from 'esbuild'
import type { Page } from 'playwright-core'
import { beforeAll, expect, it } from 'vitest'
import type * as Sdk from '../../client/index.ts'
import { browserTests, enrollTotp, makePerson, serviceUrl, walletUrl } from './support/page.ts'

const openPage = browserTests()
let script = ''

beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['client/index.ts'],
    bundle: true,
    format: 'iife',
    globalName: 'sdk',
    write: false,
  })
  script = `${outputFiles[0]?.text};globalThis.sdk = sdk`
})

declare const sdk: typeof Sdk

/** Puts an instance into a tab whose tokens lie in the storage that all tabs share. */
async function shareTokens(page: Page, session: string): Promise<void> {
  await page.evaluate(script)
  await page.evaluate(
    ([url, token]) => {
      sdk.createCountersign({
        url,
        environment: 'wallet',
        getSessionToken: () => token,
        keepTokens: sdk.storageKeeper(() => localStorage),
      })
    },
    [serviceUrl, session] as const,
  )
}

const tryExport = (page: Page) =>
  page.evaluate(async () => {
    const init = { method: 'POST', mfaAction: 'wallet.waas.export' } as const
    const answer = await sdk.countersignFetch('/api/wallet/export', init).catch((error) => error)
    return answer instanceof Response ? `${answer.status}` : String(answer.reason)
  })

it('lets one of two tabs send a single-use token, time after time', async () => {
  const first = await openPage()
  const second = await openPage({ beside: first.context() })
  const tokens: (string | undefined)[] = []
  for (const page of [first, second]) {
    page.on('request', (request) => {
      if (request.url() === `${walletUrl}/api/wallet/export`)
        tokens.push(request.headers()['countersign-token'])
    })
  }
  for (let round = 0; round < 3; round += 1) {
    tokens.length = 0
    const person = await makePerson()
    const code = (await enrollTotp(person))()
    for (const page of [first, second]) await shareTokens(page, person.session)
    await first.evaluate(
      (typed) => sdk.authenticateTotpMfaDevice({ code: typed, requestedScopes: ['wallet:export'] }),
      code,
    )
    const outcomes = await Promise.all([second, first, second, first].map(tryExport))
    expect(outcomes.toSorted()).toEqual([
      '200',
      'step_up_required',
      'step_up_required',
      'step_up_required',
    ])
    expect(tokens.filter(Boolean)).toHaveLength(1)
  }
})
