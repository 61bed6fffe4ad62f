// The choice of a port, with free and taken ports.
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { networkInterfaces, tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  choosePort,
  isTaken,
  nextFreePort,
  recallPorts,
  rememberPorts,
} from '../../scripts/ports.ts'

const addresses = Object.values(networkInterfaces()).flatMap((list) => list ?? [])
const hasIpv6 = addresses.some(({ address }) => address === '::1')
const hosts = ['127.0.0.1', '0.0.0.0', ...(hasIpv6 ? ['::1', '::'] : [])]

async function listenOn(host: string): Promise<number> {
  const server = createServer().listen(0, host)
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

describe('the port', () => {
  it.each(hosts)('is taken by a listener on %s', async (host) => {
    const port = await listenOn(host)
    expect(await isTaken(port)).toBe(true)
  })

  it('is free where nobody listens', async () => {
    const port = await nextFreePort(20_000)
    expect(await isTaken(port)).toBe(false)
  })

  it('is the usual one where that is free', async () => {
    const usual = await nextFreePort(20_100)
    expect(await choosePort(undefined, { usual })).toEqual({ port: usual })
  })

  it('is the next free one, with a remark, where the usual one is taken', async () => {
    const usual = await listenOn('127.0.0.1')
    const { port, remark } = await choosePort(undefined, { usual })
    expect(port).toBeGreaterThan(usual)
    expect(await isTaken(port)).toBe(false)
    expect(remark).toContain(`Port ${usual} is taken`)
  })

  it('is the one that was asked for, or none', async () => {
    const free = await nextFreePort(20_200)
    expect(await choosePort(String(free))).toEqual({ port: free })
    const taken = await listenOn('127.0.0.1')
    await expect(choosePort(String(taken))).rejects.toThrow(`Port ${taken} is taken`)
  })

  it.each(['0', '65536', '-1', '80.5', 'http', ''])('is not %j', async (text) => {
    await expect(choosePort(text)).rejects.toThrow('must be a port number')
  })

  it('is not the one that is spoken for', async () => {
    const usual = await nextFreePort(20_300)
    const { port } = await choosePort(undefined, { usual, except: usual })
    expect(port).toBeGreaterThan(usual)
    const wish = { except: usual, option: '--wallet-port' }
    await expect(choosePort(String(usual), wish)).rejects.toThrow(
      `Port ${usual} is the port of the service (--port): name another port with --wallet-port.`,
    )
  })

  it('is remembered with the state, and forgotten where the file says nothing of use', () => {
    const folder = mkdtempSync(join(tmpdir(), 'countersign-ports-'))
    onTestFinished(() => rmSync(folder, { recursive: true }))
    expect(recallPorts(folder)).toEqual({})
    rememberPorts(folder, { service: 8787 })
    rememberPorts(folder, { wallet: 8791 })
    expect(recallPorts(folder)).toEqual({ service: 8787, wallet: 8791 })
    writeFileSync(join(folder, 'ports.json'), '{"service":"8787","wallet":70000}')
    expect(recallPorts(folder)).toEqual({})
    writeFileSync(join(folder, 'ports.json'), 'null')
    expect(recallPorts(folder)).toEqual({})
  })
})
