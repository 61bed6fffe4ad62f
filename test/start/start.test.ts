// `npm start` and `npm run tour` as somebody at a terminal meets them, with processes, ports and files
// of their own. The tests follow one another: each goes on with the service that the one before left.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nextFreePort } from '../../scripts/ports.ts'
import { readVariables } from '../../scripts/variables.ts'
import { allProcesses, processesWith, type Running, runScript } from './support/commands.ts'

const folder = mkdtempSync(join(tmpdir(), 'countersign-start-'))
const state = join(folder, 'state')
const file = join(folder, 'vars')
const variables = { COUNTERSIGN_DEV_VARS: file }
const READY = 'Countersign runs.'
const TIMEOUT = 120_000
const onLinux = process.platform === 'linux'

let port: number
let url: string
let service: Running
let kids: string[]

const start = (...more: string[]) =>
  runScript('start', ['--port', String(port), '--state', state, ...more], variables)

async function keySetIds(): Promise<string[]> {
  const answer = await fetch(`${url}/demo/.well-known/jwks.json`)
  const { keys } = (await answer.json()) as { keys: { kid: string }[] }
  return keys.map(({ kid }) => kid)
}

const own = () => processesWith('COUNTERSIGN_DEV_VARS', file)

beforeAll(async () => {
  port = await nextFreePort(18_787)
  url = `http://localhost:${port}`
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
    const open = [...commands, service.output(), log].join('\n')
    for (const secret of [ROOT_SECRET, OPERATOR_KEY, d]) expect(open).not.toContain(secret)
  })

  it('is where the tour holds, step by step', async () => {
    const tour = runScript('tour', ['--state', state], variables)
    expect(await tour.ended, tour.output()).toBe(0)
    expect(tour.output()).toContain(`The tour goes to ${url}.`)
    expect(tour.output().trimEnd()).toMatch(/19 of 19 steps held\.$/)
  })

  it('is where the tour fails for a key that is not the operator’s', async () => {
    const foreign = { ...variables, OPERATOR_KEY: `csk_op_${'x'.repeat(32)}` }
    const tour = runScript('tour', ['--url', url], foreign)
    expect(await tour.ended).toBe(1)
    expect(tour.output()).toContain('unauthenticated')
  })

  it('refuses a port that is taken', async () => {
    const second = start()
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(`Port ${port} is taken`)
  })

  it('refuses a second service on the same state', async () => {
    const other = String(await nextFreePort(port + 1))
    const second = runScript('start', ['--port', other, '--state', state], variables)
    expect(await second.ended).toBe(1)
    expect(second.output()).toContain(`at ${url}`)
  })

  it('refuses an option that it does not know', async () => {
    const wrong = start('--prot', '1')
    expect(await wrong.ended).toBe(2)
    expect(wrong.output()).toContain("Unknown option '--prot'")
  })

  it('leaves nothing running on Ctrl-C, and finds its state again', async () => {
    service.child.kill('SIGINT')
    expect(await service.ended).toBe(0)
    if (onLinux) expect(own()).toEqual([])
    expect(existsSync(join(state, 'countersign.json'))).toBe(false)
    service = start()
    await service.said(READY)
    expect(service.output()).toContain('`demo` was found')
    expect(await keySetIds()).toEqual(kids)
  })

  it.runIf(onLinux)('says so, and leaves nothing running, when the Worker dies', async () => {
    const wrangler = own().find(({ command }) => command.includes('bin/wrangler.js'))
    if (!wrangler) throw new Error('wrangler is not among the processes')
    process.kill(wrangler.pid, 'SIGKILL')
    expect(await service.ended).toBe(1)
    expect(service.output()).toContain('The Worker ended by itself (SIGKILL).')
    expect(own()).toEqual([])
  })

  it('is not needed for the tour, which starts a service of its own', async () => {
    const tour = runScript('tour', ['--state', state], variables)
    expect(await tour.ended, tour.output()).toBe(0)
    expect(tour.output()).toContain('19 of 19 steps held.')
    if (onLinux) expect(own()).toEqual([])
  })
})
