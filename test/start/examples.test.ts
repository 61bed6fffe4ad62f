// What README and "Getting started" tell a developer to write, run against the service: examples/hello as
// `npm run hello` starts it.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClient } from '../../client/index.ts'
import { nextFreePort } from '../../scripts/ports.ts'
import { type Running, runScript } from './support/commands.ts'
import { enrollAndStepUp } from './support/wallet.ts'

const TIMEOUT = 120_000
const folder = mkdtempSync(join(tmpdir(), 'countersign-examples-'))
const state = join(folder, 'state')
const variables = { COUNTERSIGN_DEV_VARS: join(folder, 'vars') }

let service: Running
let url: string

beforeAll(async () => {
  const port = await nextFreePort(18_900)
  url = `http://localhost:${port}`
  service = runScript('start', ['--no-wallet', '--port', String(port), '--state', state], variables)
  await service.said('Countersign runs.')
}, TIMEOUT)
afterAll(async () => {
  service.child.kill('SIGTERM')
  await service.ended
  rmSync(folder, { recursive: true })
}, TIMEOUT)

describe('npm run hello', { timeout: TIMEOUT }, () => {
  let hello: Running
  let page: string

  beforeAll(async () => {
    const port = await nextFreePort(18_950)
    page = `http://localhost:${port}`
    hello = runScript('hello', ['--port', String(port), '--state', state], variables)
    await hello.said(`Open ${page}`)
  }, TIMEOUT)
  afterAll(async () => {
    hello.child.kill('SIGTERM')
    await hello.ended
  })

  const post = (path: string, body: object, headers: Record<string, string> = {}) =>
    fetch(page + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
    })

  it('serves a page with its script and its styles', async () => {
    expect(await (await fetch(page)).text()).toContain('<script src="page.js">')
    expect(await (await fetch(`${page}/page.js`)).text()).toContain(url)
    expect((await fetch(`${page}/page.css`)).status).toBe(200)
  })

  it('refunds an order once, after a step-up for these details', async () => {
    const details = { order: '17', amount: 25 }
    const session = await (await post('/sign-in', { name: 'ada' })).text()
    const authorization = `Bearer ${session}`
    const before = await post('/refund', details, { authorization })
    expect(before.status).toBe(401)
    expect(await before.json()).toMatchObject({ reason: 'enrollment_required' })

    const countersign = createClient({ url, environment: 'hello', bearer: () => session })
    const token = await enrollAndStepUp({ countersign }, 'orders:refund', details)
    const headers = { authorization, 'countersign-token': token }
    const other = await post('/refund', { ...details, amount: 2500 }, headers)
    expect(await other.json()).toMatchObject({ reason: 'details_mismatch' })
    const refunded = await post('/refund', details, headers)
    expect(await refunded.json()).toEqual({ refunded: details })
    const again = await post('/refund', details, headers)
    expect(await again.json()).toMatchObject({ reason: 'token_used' })
  })

  it('refunds nothing for a caller who is not signed in', async () => {
    const refused = await post(
      '/refund',
      { order: '17', amount: 25 },
      { authorization: 'Bearer x' },
    )
    expect(refused.status).toBe(401)
    expect(await refused.json()).toMatchObject({ reason: 'unauthenticated' })
  })
})

it('npm run hello names `npm start` where no service runs', async () => {
  const alone = runScript('hello', ['--state', join(folder, 'other')], variables)
  expect(await alone.ended).toBe(1)
  expect(alone.output()).toContain('run `npm start` in another terminal')
})
