// The package as an application installs it: packed, installed into an empty project by npm, type-checked with
// its own declarations, and run.
import { execFile, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, parse, resolve } from 'node:path'
import { json } from 'node:stream/consumers'
import { promisify } from 'node:util'
import * as esbuild from 'esbuild'
import { exportJWK, generateKeyPair } from 'jose'
import * as vite from 'vite'
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest'
import { APIS, PAGES } from '../../console/pages/snippets.ts'
import { chainEvent, GENESIS_HASH } from '../../functions/domain/history/audit.ts'
import { makeReceipt } from '../../functions/domain/history/receipt.ts'
import { describeApi } from '../../reference/openapi.ts'
import { BUILT_IN, PASSKEY_ONLY, REFUND, WITHOUT_DETAILS } from '../console/guide.ts'
import { listen } from '../support/stand-in.ts'

const own = JSON.parse(readFileSync('package.json', 'utf8'))
const folder = mkdtempSync(join(tmpdir(), 'countersign-package-'))
const CONSUMER = resolve('test/package/consumer')
/** The compiler of this project, which needs no place among the packages of an application. */
const TSC = resolve('node_modules/typescript/bin/tsc')
const CONSUMER_FILES = ['vanilla.ts', 'api.ts', 'page.tsx', 'query.ts']
const INSTALL = ['install', '--prefer-offline', '--no-audit', '--no-fund', '--loglevel=error']

const run = (cwd: string, command: string, ...args: string[]): string =>
  execFileSync(command, args, { cwd, encoding: 'utf8' })

let tarball = ''

const NEWEST_REACT = '^19.0.0'
const REACTS = [
  ['React 18', '^18.3.0'],
  ['React 19', NEWEST_REACT],
] as const

const projectOf = (name: string): string => join(folder, name.replace(' ', '-').toLowerCase())

/** Creates an empty project with the package in it, and a version of React beside it. */
async function makeProject([name, react]: (typeof REACTS)[number]): Promise<void> {
  const project = projectOf(name)
  cpSync(CONSUMER, project, { recursive: true })
  const dependencies = {
    countersign: `file:${tarball}`,
    // `npm create countersign` has its application below this one.
    ...(react === NEWEST_REACT && { esbuild: own.devDependencies.esbuild }),
    '@tanstack/react-query': own.devDependencies['@tanstack/react-query'],
    '@types/node': own.devDependencies['@types/node'],
    '@types/react': react,
    '@types/react-dom': react,
    '@types/express': own.devDependencies['@types/express'],
    express: own.devDependencies.express,
    hono: own.devDependencies.hono,
    react,
    'react-dom': react,
  }
  const manifest = { name: parse(project).name, private: true, type: 'module', dependencies }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  await promisify(execFile)('npm', INSTALL, { cwd: project })
}

/** Installs openapi-typescript, which needs TypeScript 5. */
async function makeOpenapiProject(): Promise<void> {
  const project = projectOf('openapi')
  mkdirSync(project)
  const dependencies = { 'openapi-typescript': '7.13.0', typescript: '5.9.3' }
  const manifest = { private: true, type: 'module', dependencies }
  writeFileSync(join(project, 'package.json'), JSON.stringify(manifest))
  await promisify(execFile)('npm', INSTALL, { cwd: project })
}

/** Type-checks, and compiles, with every declaration of the package looked at. */
function compile(
  project: string,
  resolution: 'nodenext' | 'bundler',
  files: readonly string[],
): string {
  const compilerOptions = {
    target: 'es2022',
    lib: ['es2022', 'dom', 'dom.iterable'],
    module: resolution === 'nodenext' ? 'nodenext' : 'esnext',
    moduleResolution: resolution,
    jsx: 'react-jsx',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    skipDefaultLibCheck: true,
    outDir: 'out',
  }
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files }))
  return run(project, process.execPath, TSC, '--singleThreaded')
}

/** What the dashboard's guide calls the application's own. */
const OWN_SESSION = `
export const getSessionToken = (): string | undefined => undefined
export const userIdOf = async (authorization: string): Promise<string> => authorization
`

/** Writes the lines of the dashboard's guide for an action. Returns the names of their files. */
function writeGuide(project: string, kinds: typeof APIS): string[] {
  const actions = { BUILT_IN, PASSKEY_ONLY, REFUND, WITHOUT_DETAILS }
  return Object.entries(actions).flatMap(([name, lines]) => {
    mkdirSync(join(project, name), { recursive: true })
    writeFileSync(join(project, name, 'session.ts'), OWN_SESSION)
    return Object.entries(kinds).map(([kind, { lines: write }]) => {
      const file = join(name, `${kind}.tsx`)
      writeFileSync(join(project, file), write(lines))
      return file
    })
  })
}

beforeAll(async () => {
  run('.', process.execPath, 'scripts/build.ts')
  const [packed] = JSON.parse(run('.', 'npm', 'pack', '--json', '--pack-destination', folder))
  tarball = join(folder, packed.filename)
  await Promise.all([...REACTS.map(makeProject), makeOpenapiProject()])
}, 300_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000)

const BUNDLERS: [string, (project: string, entry: string) => Promise<string>][] = [
  [
    'esbuild',
    async (project, entry) => {
      const outfile = join(project, 'esbuild', `${parse(entry).name}.cjs`)
      const entryPoints = [join(project, entry)]
      const options = { bundle: true, platform: 'node', format: 'cjs', jsx: 'automatic' } as const
      await esbuild.build({ ...options, entryPoints, outfile, logLevel: 'silent' })
      return outfile
    },
  ],
  [
    'Vite',
    async (project, entry) => {
      const outDir = join(project, 'vite')
      await vite.build({
        root: project,
        configFile: false,
        logLevel: 'silent',
        build: { ssr: entry, outDir, emptyOutDir: false },
        ssr: { noExternal: ['countersign'] },
      })
      return join(outDir, `${parse(entry).name}.js`)
    },
  ],
]

describe.each(REACTS)('in an empty project with %s', (name) => {
  const project = projectOf(name)

  it.each([
    ['bundler', { ...APIS, ...PAGES }],
    ['nodenext', APIS],
  ] as const)(
    'type-checks with the resolution of %s, and so does the dashboard’s guide',
    (resolution, guide) => {
      const files = [...CONSUMER_FILES, ...writeGuide(project, guide)]
      expect(compile(project, resolution, files)).toBe('')
    },
    60_000,
  )

  it('runs in a page without a framework', () => {
    expect(JSON.parse(run(project, process.execPath, 'out/vanilla.js'))).toEqual({
      required: true,
      outcome: 'cancelled',
      calls: expect.arrayContaining(['/live/trpc/policy.check Bearer a session token']),
      status: 409,
      claims: false,
    })
  })

  it('runs in an API, and lets nothing through while the service does not answer', () => {
    expect(JSON.parse(run(project, process.execPath, 'out/api.js'))).toEqual({
      allowed: false,
      status: 503,
    })
  })

  it('renders', () => {
    expect(run(project, process.execPath, 'out/page.js')).toContain('<button type="submit">')
  })

  describe('and without TanStack Query', () => {
    beforeAll(() => rmSync(join(project, 'node_modules/@tanstack'), { recursive: true }))

    it('type-checks and renders what needs none', () => {
      expect(compile(project, 'bundler', ['vanilla.ts', 'api.ts', 'stepup.tsx'])).toBe('')
      expect(run(project, process.execPath, 'out/stepup.js')).toContain('Sign</button>')
    }, 60_000)

    it.each(BUNDLERS)(
      'bundles with %s, and renders',
      async (_bundler, bundle) => {
        expect(run(project, process.execPath, await bundle(project, 'stepup.tsx'))).toContain(
          'Sign</button>',
        )
      },
      60_000,
    )

    it.each(BUNDLERS)(
      'says with %s which package a hook is missing',
      async (_bundler, bundle) => {
        const running = bundle(project, 'query.ts').then((file) =>
          run(project, process.execPath, file),
        )
        await expect(running).rejects.toThrow(/Could not resolve "@tanstack\/react-query"/)
      },
      60_000,
    )
  })
})

describe('a client from the OpenAPI document', () => {
  const project = projectOf('openapi')

  it('type-checks, and refuses what the document does not have', () => {
    writeFileSync(join(project, 'openapi.json'), JSON.stringify(describeApi(own.version)))
    cpSync(join(CONSUMER, 'openapi-client.ts'), join(project, 'client.ts'))
    const node = (...args: string[]) => run(project, process.execPath, ...args)
    node('node_modules/openapi-typescript/bin/cli.js', 'openapi.json', '-o', 'api.ts')
    const compilerOptions = {
      ...{ target: 'es2022', module: 'nodenext', lib: ['es2022', 'dom'], types: [] },
      ...{ strict: true, exactOptionalPropertyTypes: true, noEmit: true },
      skipDefaultLibCheck: true,
      allowImportingTsExtensions: true,
    }
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions }))
    expect(node('node_modules/typescript/bin/tsc')).toBe('')
  }, 60_000)
})

describe('the command `countersign`', () => {
  const [[name]] = REACTS
  const command = (args: string[], input = '', variables: Record<string, string> = {}) => {
    const file = join(projectOf(name), 'node_modules/.bin/countersign')
    const { promise, resolve } = Promise.withResolvers<{
      code: unknown
      out: string
      said: string
    }>()
    const child = execFile(
      file,
      args,
      { env: { ...process.env, ...variables } },
      (error, out, said) => resolve({ code: error?.code ?? 0, out, said }),
    )
    child.stdin?.end(input)
    return promise
  }

  it('prints the OpenAPI document', async () => {
    const { code, out } = await command(['openapi'])
    expect([code, JSON.parse(out)]).toEqual([
      0,
      JSON.parse(JSON.stringify(describeApi(own.version))),
    ])
  })

  it.each([
    [0, { accepted: true, subject: 'ada', expiresAt: 1, warnings: [] }],
    [1, { accepted: false, message: 'The session token has expired.' }],
  ])('tries a session token, and ends with %i', async (code, tried) => {
    const asked: unknown[] = []
    await using service = await listen(async (request, response) => {
      asked.push([request.url, request.headers.authorization, await json(request)])
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ result: { data: tried } }))
    })
    const args = ['try-session', '--url', service.url, '--environment', 'shop']
    const ended = await command(args, 'a.b.c\n', { COUNTERSIGN_OPERATOR_KEY: 'csk_op_x' })
    expect({ ...ended, out: JSON.parse(ended.out) }).toEqual({ code, out: tried, said: '' })
    expect(asked).toEqual([
      [
        '/operator/trpc/environment.trySession',
        'Bearer csk_op_x',
        { environment: 'shop', token: 'a.b.c' },
      ],
    ])
  })

  it('verifies a receipt with a key set from a file or an address, and ends with 1 for a changed one', async () => {
    const { privateKey, publicKey } = await generateKeyPair('ES256')
    const about = { iss: 'https://countersign.example/shop', environment: 'shop', sub: 'alice' }
    const proof = { method: 'totp', factorId: 'f', amr: ['otp'], acr: 'mfa', authTime: 9 } as const
    const token = {
      jti: 'j',
      kind: 'elevated',
      scopes: ['orders:refund'],
      singleUse: true,
    } as const
    const passed = { type: 'step_up.passed', actor: 'subject', at: 9 }
    const event = chainEvent(
      { seq: 1, previous: GENESIS_HASH },
      { ...passed, data: { ...proof, tokens: [token] } },
      new Uint8Array(16),
    )
    const times = { issuedAt: 9, expiresAt: 10 }
    const issued = { ...token, scopes: [...token.scopes], audience: 'a', actions: [], ...times }
    const receipt = await makeReceipt(
      {
        stored: { token: issued, proof: { ...proof, amr: [...proof.amr] }, version: 1 },
        ...{ run: [event], isConsumed: false },
      },
      ...([about, false, { kid: 'k', key: privateKey }, 11] as const),
    )
    const jwks = { keys: [{ ...(await exportJWK(publicKey)), kid: 'k', alg: 'ES256' }] }
    const fileOf = (name: string, value: object): string => {
      const file = join(folder, name)
      writeFileSync(file, JSON.stringify(value))
      return file
    }
    const [good, keys] = [fileOf('receipt.json', receipt), fileOf('jwks.json', jwks)]
    await using service = await listen(
      (_request, response) => void response.end(JSON.stringify(jwks)),
    )
    for (const source of [keys, service.url]) {
      const { code, out } = await command(['verify-receipt', good, '--jwks', source])
      expect([code, JSON.parse(out)]).toMatchObject([0, { valid: true, sub: 'alice' }])
    }
    const changed = fileOf('changed.json', { ...receipt, sub: 'mallory' })
    const { code, out } = await command(['verify-receipt', changed, '--jwks', keys])
    expect([code, JSON.parse(out)]).toMatchObject([1, { valid: false, fault: 'signature' }])
    const details = fileOf('details.json', { amount: 1 })
    const other = await command(['verify-receipt', good, '--jwks', keys, '--details', details])
    expect(JSON.parse(other.out)).toMatchObject({ valid: false, fault: 'details' })
  })

  it.each([
    [[], 'countersign openapi'],
    [['verify-receipt', '--jwks', 'keys.json'], 'FILE and --jwks are needed.'],
    [['verify-receipt', 'receipt.json'], 'FILE and --jwks are needed.'],
    [['nothing'], 'There is no command nothing.'],
    [['try-session', '--url', 'http://localhost'], '--url and --environment are needed.'],
    [['try-session', '--token', 'x'], "Unknown option '--token'"],
    [
      ['try-session', '--url', 'http://localhost', '--environment', 'shop'],
      'Set COUNTERSIGN_OPERATOR_KEY',
    ],
  ])('says how it is used: %j', async (args, sentence) => {
    expect(await command(args)).toMatchObject({ code: 2, said: expect.stringContaining(sentence) })
  })
})

/** Returns a port that nothing listens on. */
async function freePort(): Promise<string> {
  await using server = await listen(() => undefined)
  return new URL(server.url).port
}

describe('npm create countersign', () => {
  const [, [name]] = REACTS
  /** Below a project that has the packages. */
  const application = join(projectOf(name), 'my-shop')
  const create = () => run(folder, process.execPath, 'package/index.js', application)

  beforeAll(() => {
    const [packed] = JSON.parse(
      run('create', 'npm', 'pack', '--json', '--pack-destination', folder),
    )
    run(folder, 'tar', '-xzf', packed.filename)
    create()
  }, 60_000)

  it('writes the smallest example, and no folder that is there', () => {
    for (const file of ['api.ts', 'page.tsx', 'index.html'])
      expect(readFileSync(join(application, file), 'utf8')).toBe(
        readFileSync(join('examples/hello', file), 'utf8'),
      )
    const manifest = JSON.parse(readFileSync(join(application, 'package.json'), 'utf8'))
    expect(manifest).toMatchObject({ name: 'my-shop', dependencies: { countersign: '^0.1.0' } })
    expect(create).toThrow('exists already')
  })

  it('writes an application that sets itself up, starts, and serves its page', async () => {
    const asked: unknown[] = []
    await using service = await listen(async (request, response) => {
      asked.push([request.url, request.headers.authorization])
      response.setHeader('content-type', 'application/json')
      response.end(JSON.stringify({ result: { data: { key: 'csk_res_x' } } }))
    })
    const PORT = await freePort()
    const env = { ...process.env, PORT }
    const setup = { ...env, COUNTERSIGN_URL: service.url, OPERATOR_KEY: 'csk_op_x' }
    await promisify(execFile)('npm', ['run', 'setup'], { cwd: application, env: setup })
    expect(asked).toEqual([
      ['/operator/trpc/environment.create', 'Bearer csk_op_x'],
      ['/operator/trpc/environment.createResourceKey', 'Bearer csk_op_x'],
    ])
    const child = spawn(process.execPath, ['--env-file=.env', 'api.ts'], { cwd: application, env })
    try {
      const page = () => fetch(`http://localhost:${PORT}/page.js`).then((one) => one.text())
      expect(await vi.waitFor(page, { timeout: 20_000, interval: 100 })).toContain(service.url)
    } finally {
      child.kill()
      await once(child, 'close')
    }
  }, 60_000)
})

/** What the package has besides its modules. */
const PAPERS = ['package.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'dist/openapi.json'].map(
  (file) => `package/${file}`,
)

it('holds the built modules, their declarations and its papers, and nothing else', () => {
  const names = run('.', 'tar', '-tzf', tarball).trim().split('\n')
  const strangers = names.filter(
    (file) =>
      !/^package\/dist\/(cli|client|contract)\/.*\.(js|d\.ts|css)$/.test(file) &&
      !PAPERS.includes(file),
  )
  expect(strangers).toEqual([])
  expect(PAPERS.filter((file) => !names.includes(file))).toEqual([])
  expect(names.length).toBeGreaterThan(40)
})
