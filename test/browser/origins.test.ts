// A page whose origin is not listed, in a real browser: it can read why it is refused, and nothing else.
import { expect, it } from 'vitest'
import { listen } from '../support/stand-in.ts'
import { browserTests, makePerson, serviceUrl } from './support/page.ts'

const openPage = browserTests()

it('reads that its origin is not listed, and nothing else', async () => {
  const page = await openPage()
  const { session } = await makePerson()
  await using app = await listen((_request, response) => {
    response.setHeader('content-type', 'text/html').end('<!doctype html>')
  })
  await page.goto(app.url)
  const ask = (path: string, credentials: 'omit' | 'include' = 'omit') =>
    page.evaluate(
      async ([url, bearer, mode]) => {
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${bearer}` }
        const init = { method: 'POST', headers, body: '{}', credentials: mode }
        return fetch(url, init).then(
          (response) => response.json(),
          (error) => String(error),
        )
      },
      [serviceUrl + path, session, credentials] as const,
    )
  expect(await ask('/wallet/trpc/factor.list')).toMatchObject({
    error: {
      message: `This page's origin ${app.url} is not in the environment's origins. Add it in the dashboard under Settings.`,
      data: { reason: 'origin_not_allowed' },
    },
  })
  const unreadable = 'TypeError: Failed to fetch'
  expect(await ask('/wallet/trpc/factor.list', 'include')).toBe(unreadable)
  expect(await ask('/wallet/trpc/factor.steal')).toBe(unreadable)
  expect(await ask('/nobody-made-it/trpc/factor.list')).toBe(unreadable)
  expect(await ask('/operator/trpc/environment.list')).toBe(unreadable)
})
