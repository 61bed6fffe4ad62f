// The verifiers of examples/python and examples/go, which share no code with ours, run on a file of vectors.
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jwtPython, type Peer } from './peers.ts'

/** What a verifier says about a case. */
export interface Verdict {
  kind: string
  name: string
  verdict: string
  reason: string | null
}

/** How the Python of examples/python is run, so that it finds its module and leaves nothing behind. */
export const pythonOptions = {
  cwd: 'examples/python',
  env: { ...process.env, PYTHONDONTWRITEBYTECODE: '1', PYTHONPATH: '.' },
}
const RUNNER = '../../test/peers/support/vectors.py'

const runPython = (file: string): string =>
  execFileSync(jwtPython, [RUNNER, file], { ...pythonOptions, encoding: 'utf8' })

function runGo(file: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-verifier-'))
  try {
    const program = join(folder, 'vectors')
    execFileSync('go', ['build', '-o', program, '.'], { cwd: 'examples/go' })
    return execFileSync(program, [file], { encoding: 'utf8' })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const verdictsIn = (lines: string): Verdict[] =>
  lines
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))

/** Each verifier with the peer that it needs. It takes the absolute path of the file. */
export const VERIFIERS: [peer: Peer, language: string, verify: (file: string) => Verdict[]][] = [
  ['jwt', 'Python', (file) => verdictsIn(runPython(file))],
  ['go', 'Go', (file) => verdictsIn(runGo(file))],
]
