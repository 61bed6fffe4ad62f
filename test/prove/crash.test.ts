// The proof of `npm run prove:crash` at a small size: nothing acknowledged is lost when the service is killed,
// and the same comparison catches weakened builds. Killing the proof itself leaves nothing behind.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, expect, it } from 'vitest'
import { crash } from '../../scripts/prove/crash/rounds.ts'
import { Tally } from '../../scripts/prove/crash/tally.ts'
import { ROOT } from '../../scripts/variables.ts'
import { weaken, weakenedBy } from '../../scripts/weakened.ts'
import { runScript } from '../start/support/commands.ts'

const TIMEOUT = 180_000
const KILLS = 5
const BUILDS = weakenedBy('crashes')
const { signal } = new AbortController()
const folder = mkdtempSync(join(tmpdir(), 'countersign-crash-test-'))

afterAll(() => rmSync(folder, { recursive: true, force: true }))

it(
  `loses nothing acknowledged and accepts nothing twice through ${KILLS} kills`,
  async () => {
    const tally = await crash({ kills: KILLS, signal })
    expect(tally.messages).toEqual([])
    expect(tally.faults).toEqual({ lost: 0, double: 0, broken: 0, odd: 0 })
    expect(tally.kills).toBe(KILLS)
    expect(tally.sum('inFlight')).toBeGreaterThan(0)
    expect(tally.sum('happened') + tally.sum('hadNot')).toBe(tally.sum('inFlight'))
    expect(tally.chains).toBeGreaterThan(KILLS)
    expect(tally.receipts).toBeGreaterThan(0)
    expect(tally.holds).toBe(true)
  },
  TIMEOUT,
)

it.for(BUILDS.map((build) => [build.name, build] as const))(
  'finds what is lost, or accepted twice, in the build weakened by: %s',
  { timeout: TIMEOUT },
  async ([, build]) => {
    const by = build.caughtBy.crashes
    const enough = ({ faults }: Tally) => faults[by] > 0
    const tally = await crash({ build, kills: 2 * KILLS, signal, enough })
    expect(tally.faults[by], build.breaks).toBeGreaterThan(0)
    expect(tally.holds).toBe(false)
  },
)

it('takes nothing for proved where nothing was killed or acknowledged', () => {
  const tally = new Tally()
  expect(tally.holds).toBe(false)
  tally.kills = 1
  expect(tally.holds).toBe(false)
})

it.for([
  ['late', 'functions/state/subject/subject.ts'],
  ['torn', 'functions/state/subject/spending.ts'],
] as const)('fails loudly where the source no longer holds what %s replaces', ([name, path]) => {
  const copy = join(folder, name)
  cpSync(`${ROOT}functions`, join(copy, 'functions'), { recursive: true })
  const file = join(copy, path)
  const text = readFileSync(file, 'utf8').replace(
    /spending\.consume\(|if \(!replayed\) ledger\.history/,
    '',
  )
  writeFileSync(file, text)
  const build = BUILDS.filter((one) => one.name === name)
  expect(build).toHaveLength(1)
  expect(() => build.map((one) => weaken(copy, one))).toThrow(`${path} contains 0 times`)
})

it('tells what is wrong with --kills 0', async () => {
  const { ended, output } = runScript('prove/crash', ['--kills', '0'])
  expect(await ended).toBe(2)
  expect(output()).toContain('--kills')
})

it('leaves neither process nor folder behind when it is killed itself', async () => {
  const watched = mkdtempSync(join(tmpdir(), 'countersign-watched-'))
  const watchdog = pathToFileURL(`${ROOT}scripts/watchdog.ts`)
  const proof = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { spawn } from 'node:child_process'
       import { startWatchdog } from '${watchdog}'
       const { pid } = spawn('sleep', ['600'], { stdio: 'ignore', detached: true })
       startWatchdog('${watched}').guard(pid)
       console.log(pid)
       setInterval(() => undefined, 1000)`,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  const [said] = await once(proof.stdout, 'data')
  const isThere = () => {
    try {
      return process.kill(Number(said), 0)
    } catch {
      return false
    }
  }
  expect(isThere()).toBe(true)
  proof.kill('SIGKILL')
  await expect.poll(isThere, { timeout: 20_000 }).toBe(false)
  await expect.poll(() => existsSync(watched), { timeout: 20_000 }).toBe(false)
}, 60_000)
