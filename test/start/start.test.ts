// `npm start` and `npm run tour` as a user runs them in a terminal, with their own processes, ports and files.
// The tests run in order: each continues with the service of the test before.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Secret, TOTP } from 'otpauth'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { detailsOf } from '../../examples/wallet/shared/details.ts'
import { nextFreePort } from '../../scripts/ports.ts'
import { operatorClient } from '../../scripts/provision.ts'
import { ROOT, readEnvFile, readVariables } from '../../scripts/variables.ts'
import { allProcesses, processesWith, type Running, runNpm, runScript } from './support/commands.ts'
import { enrollAndStepUp, signIn } from './support/wallet.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-start-'))
const state = join(folder, 'state')
const file = join(folder, 'vars')
const variables = { COUNTERSIGN_DEV_VARS: file }
const READY = 'Countersign runs.'
const TRANSACTION = {
  chainId: 1,
  to: '0x52908400098527886E0F7030069857D2E4169EE7',
  nonce: 0,
  gas: '21000',
  maxFeePerGas: '30000000000',
  maxPriorityFeePerGas: '1000000000',
} as const
const TIMEOUT = 120_000
const onLinux = process.platform === 'linux'

let port: number
let walletPort: number
let url: string
let walletUrl: string
let service: Running
let kids: string[]

const start = (...more: string[]) =>
  runScript(
    'start',
    ['--port', String(port), '--wallet-port', String(walletPort), '--state', state, ...more],
    variables,
  )

/** As everybody starts it: where it was the last time. */
const startAgain = (...more: string[]) => runScript('start', ['--state', state, ...more], variables)

const walletFile = () => readEnvFile(join(state, 'wallet.env'))

async function end(): Promise<void> {
  service.child.kill('SIGINT')
  expect(await service.ended).toBe(0)
  if (onLinux) expect(own()).toEqual([])
}

async function keySetIds(): Promise<string[]> {
  const answer = await fetch(`${url}/demo/.well-known/jwks.json`)
  const { keys } = (await answer.json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

/** Kills the wrangler that runs a configuration, and waits until the whole start has ended. */
async function killWrangler(config: string): Promise<void> {
  const wrangler = own().find(
    ({ command }) => command.includes('bin/wrangler.js') && command.includes(config),
  )
  if (!wrangler) throw new Error('wrangler is not among the processes')
  process.kill(wrangler.pid, 'SIGKILL')
  expect(await service.ended).toBe(1)
}

const own = () => processesWith('COUNTERSIGN_DEV_VARS', file)

/** Waits until every process of the tests has ended, which may take 5 seconds after a kill. */
const nothingIsLeft = () => expect.poll(own, { timeout: 5_000 }).toEqual([])

/** Waits until a program runs. Wrangler bundles first. */
const runs = (program: string) =>
  expect
    .poll(() => own().some(({ command }) => command.includes(program)), {
      timeout: 20_000,
      interval: 20,
    })
    .toBe(true)

beforeAll(async () => {
  port = await nextFreePort(18_787)
  walletPort = await nextFreePort(18_790)
  url = `http://localhost:${port}`
  walletUrl = `http://localhost:${walletPort}`
  mkdirSync(state)
  chmodSync(state, 0o755)
  writeFileSync(file, "PUBLIC_URL='http://localhost:8787'\n")
  service = start()
  await service.said(READY)
}, TIMEOUT)
afterAll(async () => {
  service.child.kill('SIGTERM')
  await service.ended
  rmSync(folder, { recursive: true })
}, TIMEOUT)

describe('npm start', { timeout: TIMEOUT }, () => {
  it('serves a healthy service with the demo environment in it', async () => {
    const health = await fetch(`${url}/health`)
    expect(await health.json()).toMatchObject({ status: 'ok', issuer: url })
    const metadata = await fetch(`${url}/demo/.well-known/oauth-authorization-server`)
    expect(await metadata.json()).toMatchObject({ issuer: `${url}/demo` })
    kids = await keySetIds()
    expect(kids).toHaveLength(1)
    expect(JSON.parse(readFileSync(join(state, 'countersign.json'), 'utf8'))).toMatchObject({ url })
  })

  it('keeps its state folder for its user alone, and names no port in the file of variables', () => {
    expect(statSync(state).mode & 0o777).toBe(0o700)
    expect(readFileSync(file, 'utf8')).not.toMatch(/PUBLIC_URL|localhost/)
  })

  it('serves the wallet beside it, and names that first', async () => {
    expect(service.output()).toMatch(new RegExp(`Countersign runs.[^]*?  wallet +${walletUrl}\n`))
    const config = await fetch(`${walletUrl}/config.json`)
    expect(await config.json()).toEqual({ countersign: { url, environment: 'wallet' } })
    const keySet = await fetch(`${walletUrl}/.well-known/jwks.json`)
    expect(await keySet.json()).toMatchObject({ keys: [{ kty: 'EC', alg: 'ES256' }] })
    expect(statSync(join(state, 'wallet.env')).mode & 0o777).toBe(0o600)
  })

  it('takes a session of the wallet, and guards what the wallet does', async () => {
    const user = await signIn(walletUrl, url)
    expect(await user.countersign.factor.list.query()).toMatchObject({ enrolled: false })
    const open = await user.post('/api/wallet/export')
    expect(open.status, JSON.stringify(open.body)).toBe(200)
    const token = await enrollAndStepUp(user, 'wallet:export')
    const refused = await user.post('/api/wallet/export')
    expect(refused.status).toBe(401)
    expect(refused.body).toMatchObject({ reason: 'step_up_required' })
    const granted = await user.post('/api/wallet/export', token)
    expect(granted).toEqual(open)
    const again = await user.post('/api/wallet/export', token)
    expect(again.status).toBe(401)
    expect(again.body).toMatchObject({ reason: 'token_used' })
  })

  it('has an authenticator app show the name with which a user of the wallet signed in', async () => {
    const { countersign, name } = await signIn(walletUrl, url)
    const { factorId: _, ...shown } = await countersign.factor.enroll.mutate({ kind: 'totp' })
    expect(shown).toMatchObject({ uri: expect.stringContaining(encodeURIComponent(name)) })
  })

  it('signs for the wallet what a token is bound to, and nothing else', async () => {
    const user = await signIn(walletUrl, url)
    const request = (value: string) => ({
      kind: 'transaction' as const,
      transaction: { ...TRANSACTION, value },
    })
    const token = await enrollAndStepUp(user, 'wallet:sign', { ...detailsOf(request('1')) })
    const refused = await user.post('/api/wallet/sign', token, request('2'))
    expect(refused.status).toBe(401)
    expect(refused.body).toMatchObject({ reason: 'details_mismatch' })
    const signed = await user.post('/api/wallet/sign', token, request('1'))
    expect(signed.status, JSON.stringify(signed.body)).toBe(200)
    expect(signed.body.serializedTransaction).toMatch(/^0x02/)
  })

  it.runIf(onLinux)('shows no secret on a command line, in its output, or in its log', () => {
    const { ROOT_SECRET, OPERATOR_KEY, DEMO_ISSUER_KEY } = readVariables(file, [
      'ROOT_SECRET',
      'OPERATOR_KEY',
      'DEMO_ISSUER_KEY',
    ])
    const { d } = JSON.parse(DEMO_ISSUER_KEY)
    const commands = allProcesses().map(({ command }) => command)
    expect(own().some(({ command }) => command.includes('workerd'))).toBe(true)
    const log = readFileSync(join(state, 'countersign.log'), 'utf8')
    expect(log).toContain('"path":"/health"')
    const walletLog = readFileSync(join(state, 'wallet.log'), 'utf8')
    const open = [...commands, service.output(), log, walletLog].join('\n')
    const {
      RESOURCE_KEY,
      ISSUER_KEY = '',
      VAULT_SECRET,
      CUSTODIAN_SECRET,
      DELEGATE_SECRET,
    } = walletFile()
    const ofWallet = [RESOURCE_KEY, VAULT_SECRET, CUSTODIAN_SECRET, DELEGATE_SECRET]
    for (const secret of [ROOT_SECRET, OPERATOR_KEY, d, JSON.parse(ISSUER_KEY).d, ...ofWallet]) {
      expect(secret).toMatch(/.{20}/)
      expect(open).not.toContain(secret)
    }
  })

  it('is where the tour holds, step by step', async () => {
    const tour = runScript('tour', ['--state', state], variables)
    expect(await tour.ended, tour.output()).toBe(0)
    expect(tour.output()).toContain(`The tour uses the service at ${url}.`)
    expect(tour.output().trimEnd()).toMatch(/19 of 19 steps held\.$/)
  })

  it('is where the tour fails for a key that is not the operator’s', async () => {
    const foreign = { ...variables, OPERATOR_KEY: `csk_op_${'x'.repeat(32)}` }
    const tour = runScript('tour', ['--url', url], foreign)
    expect(await tour.ended).toBe(1)
    expect(tour.output()).toContain('unauthenticated')
  })

  it('refuses a port that is taken', async () => {
    const other = ['--port', String(port), '--state', join(folder, 'other')]
    const second = runScript('start', other, variables)
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(`Port ${port} is taken`)
  })

  it('refuses a second service on the same state, and says which runs and how to stop it', async () => {
    const second = startAgain()
    expect(await second.ended).toBe(1)
    expect(second.output()).toBe(
      `A service uses this state folder already, at ${url} (process ${service.child.pid}): stop it with \`npm stop -- --state ${state}\`, or name another folder with --state.\n`,
    )
  })

  it('refuses an option that it does not know', async () => {
    const wrong = start('--prot', '1')
    expect(await wrong.ended).toBe(2)
    expect(wrong.output()).toContain("Unknown option '--prot'")
  })

  it('is ended by npm stop, which leaves nothing running and says so where nothing runs', async () => {
    const stop = runScript('stop', ['--state', state], variables)
    expect(await stop.ended, stop.output()).toBe(0)
    expect(stop.output()).toBe(`Stopped the service at ${url} (process ${service.child.pid}).\n`)
    expect(await service.ended).toBe(0)
    if (onLinux) expect(own()).toEqual([])
    expect(existsSync(join(state, 'countersign.json'))).toBe(false)
    const again = runScript('stop', ['--state', state], variables)
    expect(await again.ended).toBe(0)
    expect(again.output()).toBe(`No service uses the state folder ${state}.\n`)
  })

  it('is where it was the next time', async () => {
    const before = walletFile()
    service = startAgain()
    await service.said(READY)
    expect(service.output()).toContain('`demo` was found')
    expect(service.output()).toMatch(new RegExp(`  wallet +${walletUrl}\n  service +${url}\n`))
    expect(await keySetIds()).toEqual(kids)
    expect(walletFile()).toEqual(before)
  })

  it('leaves nothing running when it is killed, and gives the wallet a new resource key after the old one was revoked', async () => {
    const { OPERATOR_KEY } = readVariables(file, ['OPERATOR_KEY'])
    const { RESOURCE_KEY_ID: id = '', ...before } = walletFile()
    const operator = operatorClient(url, OPERATOR_KEY)
    await operator.environment.revokeResourceKey.mutate({ environment: 'wallet', id })
    // Killed, it leaves nothing running, and a record that keeps nobody away.
    service.child.kill('SIGKILL')
    await service.ended
    if (onLinux) await nothingIsLeft()
    expect(existsSync(join(state, 'countersign.json'))).toBe(true)
    service = startAgain()
    await service.said(READY)
    const { RESOURCE_KEY_ID, ...now } = walletFile()
    expect(RESOURCE_KEY_ID).not.toBe(id)
    expect(now.RESOURCE_KEY).not.toBe(before.RESOURCE_KEY)
    expect({ ...now, RESOURCE_KEY: '' }).toEqual({ ...before, RESOURCE_KEY: '' })
    const { resourceKeys } = await operator.environment.get.query({ environment: 'wallet' })
    expect(resourceKeys.map((key) => key.id)).toEqual([RESOURCE_KEY_ID])
    const user = await signIn(walletUrl, url)
    expect((await user.post('/api/wallet/export')).status).toBe(200)
  })

  it('leaves nothing running on Ctrl-C, and goes on where operators guard themselves, as the tour does', async () => {
    const { OPERATOR_KEY } = readVariables(file, ['OPERATOR_KEY'])
    const operator = operatorClient(url, OPERATOR_KEY)
    const { factorId, ...shown } = await operator.factor.enroll.mutate({ kind: 'totp' })
    if (!('secret' in shown)) throw new Error('no TOTP secret came back')
    const code = new TOTP({ secret: Secret.fromBase32(shown.secret) }).generate()
    await operator.factor.confirm.mutate({ kind: 'totp', factorId, code })
    const naming = operator.operator.create.mutate({ name: 'mallory' })
    await expect(naming).rejects.toMatchObject({ data: { reason: 'step_up_required' } })
    await end()
    service = startAgain()
    await service.said(READY)
    const tour = runScript('tour', ['--state', state], variables)
    expect(await tour.ended, tour.output()).toBe(0)
    expect(tour.output()).toContain('19 of 19 steps held.')
  })

  it.runIf(onLinux)('says so, and leaves nothing running, when the wallet dies', async () => {
    await killWrangler(`${ROOT}examples/wallet/wrangler.toml`)
    expect(service.output()).toContain('The wallet ended by itself (SIGKILL).')
    expect(own()).toEqual([])
  })

  it('starts the service alone where that is asked for', async () => {
    service = startAgain('--no-wallet')
    await service.said(READY)
    expect(service.output()).not.toContain(walletUrl)
    await expect(fetch(`${walletUrl}/config.json`)).rejects.toThrow()
    expect((await fetch(`${url}/health`)).status).toBe(200)
  })

  it.runIf(onLinux)('says so, and leaves nothing running, when the Worker dies', async () => {
    await killWrangler(`${ROOT}wrangler.toml`)
    expect(service.output()).toContain('The Worker ended by itself (SIGKILL).')
    expect(own()).toEqual([])
  })

  it.runIf(onLinux).each([
    ['npm', 'scripts/start.ts'],
    ['npm', 'bin/wrangler.js'],
    ['the script', 'bin/wrangler.js'],
  ])(
    'leaves nothing running when %s is killed as soon as %s runs, which is before it serves',
    async (what, program) => {
      const args = ['--no-wallet', '--state', state]
      service = what === 'npm' ? runNpm('start', args, variables) : startAgain('--no-wallet')
      await runs(program)
      service.child.kill('SIGKILL')
      await nothingIsLeft()
      expect(service.output()).not.toContain(READY)
    },
  )

  it('is not needed for the tour, which starts a service of its own', async () => {
    const tour = runScript('tour', ['--state', state], variables)
    expect(await tour.ended, tour.output()).toBe(0)
    expect(tour.output()).toContain('19 of 19 steps held.')
    if (onLinux) expect(own()).toEqual([])
  })
})
