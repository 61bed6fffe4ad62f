// The state folder, and the record of the service that uses it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest'
import { readFromPs, readProcess } from '../../scripts/processes.ts'
import { claimState, findRecord } from '../../scripts/service.ts'
import { openState } from '../../scripts/state.ts'
import { runScript } from './support/commands.ts'

const NOBODY = 65_534
const onLinux = process.platform === 'linux'

let folder: string
let state: string
const modeOf = (path: string) => statSync(path).mode & 0o777

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-state-'))
  state = join(folder, 'deep', 'state')
})
afterEach(() => rmSync(folder, { recursive: true }))

/** A program of somebody else. */
function startStranger(): number {
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void stranger.kill())
  return stranger.pid ?? 0
}

const writeRecord = (record: object) => {
  openState(state)
  writeFileSync(join(state, 'countersign.json'), JSON.stringify(record))
}

describe('the state folder', () => {
  it('is made for its user alone', () => {
    expect(openState(state)).toBe(state)
    expect(modeOf(state)).toBe(0o700)
  })

  it.each(['nothing', 'countersign.log', 'v3'])(
    'is closed to others where it was open and holds %s',
    (name) => {
      mkdirSync(state, { recursive: true })
      if (name !== 'nothing') writeFileSync(join(state, name), '')
      chmodSync(state, 0o755)
      openState(state)
      expect(modeOf(state)).toBe(0o700)
    },
  )

  it('is not taken, and stays open, where it holds what others may need', () => {
    mkdirSync(state, { recursive: true })
    chmodSync(state, 0o755)
    writeFileSync(join(state, 'notes.txt'), '')
    expect(() => openState(state)).toThrow('it contains other files, and other users can read it')
    expect(modeOf(state)).toBe(0o755)
  })

  it('is not made where the user lacks the permission', () => {
    const asRoot = process.geteuid?.() === 0
    chmodSync(folder, 0o500)
    if (asRoot) process.seteuid?.(NOBODY)
    try {
      expect(() => openState(state)).toThrow('you lack the permission')
    } finally {
      if (asRoot) process.seteuid?.(0)
      chmodSync(folder, 0o700)
    }
  })

  it.each([
    ['below a file', 'file/state', 'a part of the path is a file'],
    ['a file', 'file', 'it is a file'],
    ['of a name that is too long', 'x'.repeat(300), 'the name is too long'],
  ])('is refused with one sentence where it is %s', async (_, name, cause) => {
    writeFileSync(join(folder, 'file'), '')
    const path = join(folder, name)
    expect(() => openState(path)).toThrow(
      `The state folder ${path} cannot be used: ${cause}. Name another folder with --state.`,
    )
  })

  it.runIf(onLinux)(
    'ends npm start with one sentence and code 1 where none can be made',
    async () => {
      const start = runScript('start', ['--state', '/proc/countersign'])
      expect(await start.ended).toBe(1)
      expect(start.output()).toBe(
        'The state folder /proc/countersign cannot be used: no folder can be created there. Name another folder with --state.\n',
      )
    },
  )
})

describe('the record of a service', () => {
  it('keeps a second one away while its process runs', () => {
    const pid = startStranger()
    writeRecord({ url: 'http://localhost:8787', pid, started: readProcess(pid)?.started })
    expect(findRecord(state)).toMatchObject({ pid })
    expect(() => claimState(state)).toThrow(
      `A service uses this state folder already, at http://localhost:8787 (process ${pid}): stop it with \`npm stop -- --state ${state}\``,
    )
  })

  it('counts for nothing where another program has its process id by now, which npm stop leaves alone', async () => {
    const pid = startStranger()
    writeRecord({ url: 'http://localhost:8787', pid, started: 'earlier' })
    expect(findRecord(state)).toBeUndefined()
    expect(claimState(state)).toBe(state)
    const stop = runScript('stop', ['--state', state])
    expect(await stop.ended).toBe(0)
    expect(stop.output()).toBe(`No service uses the state folder ${state}.\n`)
    expect(readProcess(pid)).toBeDefined()
  })

  it('counts for nothing where its process has ended, or where it cannot be read', async () => {
    const child = spawn('true')
    const { pid } = child
    const started = readProcess(pid ?? 0)?.started
    await once(child, 'exit')
    writeRecord({ url: 'http://localhost:8787', pid, started })
    expect(findRecord(state)).toBeUndefined()
    writeFileSync(join(state, 'countersign.json'), '{"url":')
    expect(findRecord(state)).toBeUndefined()
  })
})

describe('a process', () => {
  it('is distinguished from a later one with the same id, by /proc and by ps', () => {
    const pid = startStranger()
    for (const read of [readProcess, readFromPs]) {
      const found = read(pid)
      expect(found).toMatchObject({
        parent: process.pid,
        group: readProcess(process.pid)?.group,
        command: 'sleep 60',
      })
      expect(found?.started).toMatch(/\d/)
      expect(read(pid)?.started).toBe(found?.started)
      expect(read(process.pid)?.started).not.toBe(found?.started)
    }
  })
})
