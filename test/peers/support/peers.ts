// The programs of other authors that the tests use, and how to call them.
import { execFileSync, spawnSync } from 'node:child_process'

const PYTHONS = ['/usr/bin/python3', 'python3']
const SCRIPT = 'test/peers/peer.py'

const runs = (program: string, args: string[]): boolean =>
  spawnSync(program, args, { stdio: 'ignore' }).status === 0
const pythonWith = (module: string): string | undefined =>
  PYTHONS.find((python) => runs(python, ['-c', `import ${module}`]))

/** Where each peer is; undefined where it is not installed. */
const PEERS = {
  oathtool: runs('oathtool', ['--version']) ? 'oathtool' : undefined,
  fido2: pythonWith('fido2.server'),
  jwt: pythonWith('jwt, cryptography'),
  fastapi: pythonWith('fastapi, uvicorn, httpx, jwt, cryptography'),
  go: runs('go', ['version']) ? 'go' : undefined,
}
/** The Debian package of each. */
const PACKAGES = {
  ...{ oathtool: 'oathtool', fido2: 'python3-fido2', jwt: 'python3-jwt python3-cryptography' },
  ...{ fastapi: 'python3-fastapi python3-uvicorn python3-httpx', go: 'golang-go' },
}
export type Peer = keyof typeof PEERS

/** The Python that has what the API in Python needs. */
export const fastapiPython = PEERS.fastapi ?? ''
/** The Python that has what verifies signatures. */
export const jwtPython = PEERS.jwt ?? ''

export const isAbsent = (peer: Peer): boolean => PEERS[peer] === undefined
const absent = Object.entries(PACKAGES).flatMap(([peer, name]) =>
  isAbsent(peer as Peer) ? [name] : [],
)
export const anyPeer = absent.length < Object.keys(PACKAGES).length
if (absent.length > 0)
  console.warn(`SKIPPED, these peers are absent: apt-get install ${absent.join(' ')}`)

/** What a test is called: with the package that it is skipped without. */
export const withPeer = (peer: Peer, name: string): string =>
  isAbsent(peer) ? `${name} (skipped: apt-get install ${PACKAGES[peer]})` : name

/** The answer of a Python peer. */
export function askPeer<T>(peer: 'fido2' | 'jwt', command: string, input: object): T {
  const output = execFileSync(PEERS[peer] ?? '', [SCRIPT, peer, command], {
    input: JSON.stringify(input),
    encoding: 'utf8',
  })
  return JSON.parse(output)
}

/** The code that oathtool has for the `otpauth` address of a QR code, some steps before or after now. */
export function oathCode(uri: string, stepsFromNow = 0): string {
  const { searchParams } = new URL(uri)
  const { secret = '', algorithm = '', digits = '', period = '' } = Object.fromEntries(searchParams)
  const at = Math.floor(Date.now() / 1000) + stepsFromNow * Number(period)
  const args = [`--totp=${algorithm.toLowerCase()}`, '--base32', `--digits=${digits}`]
  const time = [`--time-step-size=${period}s`, `--now=@${at}`]
  // The secret is read from the standard input, where no list of processes shows it.
  return execFileSync('oathtool', [...args, ...time, '-'], {
    input: secret,
    encoding: 'utf8',
  }).trim()
}
