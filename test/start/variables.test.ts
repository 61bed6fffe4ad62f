// The file of variables: which values are created, which are kept, and which take precedence.
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { completeVariables, readVariables, removeWrittenUrl } from '../../scripts/variables.ts'

let folder: string
let file: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'countersign-variables-'))
  file = join(folder, 'vars')
})
afterEach(() => {
  rmSync(folder, { recursive: true })
  vi.unstubAllEnvs()
})

describe('the variables', () => {
  it('are random, and for the owner alone', async () => {
    await completeVariables(file)
    await completeVariables(`${file}2`)
    const [one, other] = [file, `${file}2`].map((name) => readVariables(name, []))
    expect(one?.ROOT_SECRET).toMatch(/^[\w-]{43}$/)
    expect(one?.OPERATOR_KEY).toMatch(/^csk_op_[\w-]{43}$/)
    expect(JSON.parse(one?.DEMO_ISSUER_KEY ?? '')).toMatchObject({ kty: 'EC', crv: 'P-256' })
    for (const name of ['ROOT_SECRET', 'OPERATOR_KEY', 'DEMO_ISSUER_KEY'] as const)
      expect(one?.[name]).not.toBe(other?.[name])
    expect(statSync(file).mode & 0o777).toBe(0o600)
  })

  it('that are in the file stay, and missing ones are added', async () => {
    writeFileSync(file, '# mine\nROOT_SECRET="my own secret"\nOPERATOR_KEY=""', { mode: 0o644 })
    expect(await completeVariables(file)).toEqual(['OPERATOR_KEY', 'DEMO_ISSUER_KEY'])
    expect(readFileSync(file, 'utf8')).toMatch(/^# mine\nROOT_SECRET="my own secret"\n/)
    const { ROOT_SECRET, OPERATOR_KEY } = readVariables(file, [])
    expect(ROOT_SECRET).toBe('my own secret')
    expect(OPERATOR_KEY).toMatch(/^csk_op_/)
    expect(statSync(file).mode & 0o777).toBe(0o600)
    const before = readFileSync(file, 'utf8')
    expect(await completeVariables(file)).toEqual([])
    expect(readFileSync(file, 'utf8')).toBe(before)
  })

  it('of the environment win over the file', async () => {
    await completeVariables(file)
    vi.stubEnv('ROOT_SECRET', 'from the environment')
    vi.stubEnv('RESTORE_EPOCH', '3')
    expect(readVariables(file, [])).toMatchObject({
      ROOT_SECRET: 'from the environment',
      RESTORE_EPOCH: '3',
    })
  })

  it('name no port: what earlier versions wrote is taken out, and what the user wrote stays', async () => {
    await completeVariables(file)
    const text = readFileSync(file, 'utf8')
    expect(text).not.toMatch(/PUBLIC_URL|localhost/)
    writeFileSync(file, `PUBLIC_URL='http://localhost:8787'\n${text}`)
    removeWrittenUrl(file)
    expect(readFileSync(file, 'utf8')).toBe(text)
    const own = `PUBLIC_URL="https://auth.example"\n${text}`
    writeFileSync(file, own)
    removeWrittenUrl(file)
    expect(readFileSync(file, 'utf8')).toBe(own)
  })

  it('are named where they are missing', () => {
    vi.stubEnv('OPERATOR_KEY', '')
    expect(() => readVariables(file, ['OPERATOR_KEY'])).toThrow('OPERATOR_KEY is missing in')
  })
})
