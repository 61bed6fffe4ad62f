// An in-memory stand-in for the service, at the level of `fetch`: it speaks tRPC's wire form and holds
// one environment. Codes are good when they are in `codes`; a test overrides any procedure.
import type { CountersignErrorData } from '../../client/generated.ts'
import { type Countersign, type CountersignOptions, createCountersign } from '../../client/index.ts'
import { BUILT_IN_ACTIONS } from '../../contract/actions.ts'
import { REASONS } from '../../contract/errors.ts'
import type { Factor, PolicyDecision } from '../../contract/index.ts'

export const URL_OF_SERVICE = 'https://countersign.test'

/** Refuses a call. */
export class Refusal extends Error {
  readonly data: CountersignErrorData
  constructor(data: CountersignErrorData) {
    super(REASONS[data.reason].message)
    this.data = data
  }
}
export const refuse = (
  reason: CountersignErrorData['reason'],
  more: Omit<CountersignErrorData, 'reason'> = {},
): never => {
  throw new Refusal({ reason, ...more })
}

type Input = Record<string, unknown> & { kind?: string; factorId?: string; code?: string }
type Procedure = (input: Input, headers: Headers) => unknown
export interface Call {
  procedure: string
  input: Input
  headers: Headers
}

const scopes: Record<string, string> = BUILT_IN_ACTIONS
const fakeJwt = (subject: string) =>
  `h.${btoa(JSON.stringify({ sub: subject })).replaceAll('=', '')}.s`
const nowSeconds = () => Math.floor(Date.now() / 1000)

/** A confirmed factor. */
export const factor = (
  kind: Factor['kind'],
  { name = kind as string, isDefault = false } = {},
): Factor => ({
  factorId: `fac_${name.replaceAll(' ', '-').padEnd(22, '0')}`,
  kind,
  label: name,
  isDefault,
  createdAt: 1,
  lastUsedAt: null,
})

/** Makes a service, and an instance that calls it. */
export function startService(options: Partial<CountersignOptions> = {}) {
  const calls: Call[] = []
  const service = {
    calls,
    factors: [] as Factor[],
    /** Codes that are right now. */
    codes: ['123456'],
    /** Codes that are answered in a way of their own. */
    codeAnswers: {} as Record<string, () => unknown>,
    isOffline: false,
    signedIn: 'ada' as string | undefined,
    decision: {} as Partial<PolicyDecision>,
    /** Procedures of a test, in place of those below. */
    on: {} as Record<string, Procedure>,
    /** What the application's own API answers. */
    api: (_: Request): Response => Response.json({ exported: true }),
    apiCalls: [] as Request[],
    count: (procedure: string) => calls.filter((call) => call.procedure === procedure).length,
    instance: undefined as unknown as Countersign,
  }
  const elevated = (input: Input) => {
    const requested = input.requestedScopes as string[] | undefined
    return (
      requested && {
        elevatedToken: {
          token: `token-${calls.length}`,
          jti: `jti-${calls.length}`,
          audience: 'api',
          scopes: requested,
          acr: 'mfa',
          tokenType: 'Bearer',
          singleUse: true,
          issuedAt: nowSeconds(),
          expiresAt: nowSeconds() + 300,
        },
      }
    )
  }
  const proved = (input: Input) => ({
    amr: ['otp'],
    acr: 'mfa',
    authTime: nowSeconds(),
    ...elevated(input),
  })
  const added = (kind: Factor['kind']) => {
    const isFirst = service.factors.length === 0
    const made = factor(kind, { name: `new ${kind}`, isDefault: isFirst })
    service.factors.push(made)
    const recoveryCodes = Array.from(
      { length: 10 },
      (_, index) => `ABCD-EFGH-JKMN-PQRS-TVWX-000${index}`,
    )
    return { factor: made, ...(isFirst && { recoveryCodes }) }
  }
  const changed = () => ({ factors: service.factors })
  let started: Input = {}
  const procedures: Record<string, Procedure> = {
    'policy.check': ({ action, scope }) => {
      const named = (action as string) ?? Object.keys(scopes).find((key) => scopes[key] === scope)
      const kinds = new Set(service.factors.map(({ kind }) => kind))
      const has = kinds.size > 0
      return {
        decision: has ? 'step_up' : 'permit',
        required: (service.decision.decision ?? (has ? 'step_up' : 'permit')) !== 'permit',
        reason: has ? 'enrolled' : 'not_enrolled',
        action: named,
        scope: scopes[named ?? ''] ?? String(named).replace('.', ':'),
        methods: [...kinds],
        acr: 'mfa',
        singleUse: true,
        lifetimeSeconds: 300,
        freshnessSeconds: 300,
        details: 'optional',
        ...service.decision,
      }
    },
    'factor.list': () => ({
      factors: service.factors,
      enrolled: service.factors.length > 0,
      mustEnroll: service.factors.length === 0,
      recovery: { remaining: 10, total: 10, acknowledged: false },
    }),
    'factor.enroll': ({ kind }) => ({
      factorId: `fac_pending-${kind}`.padEnd(26, '0'),
      expiresAt: nowSeconds() + 600,
      ...(kind === 'totp'
        ? {
            secret: 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
            uri: 'otpauth://totp/Wallet:ada?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Wallet&period=30',
          }
        : { challenge: 'carried', options: passkeyOptions }),
    }),
    'factor.confirm': ({ kind, code = '' }) => {
      if (kind === 'totp' && !service.codes.includes(code)) refuse('invalid_code')
      return added(kind as Factor['kind'])
    },
    'factor.rename': changed,
    'factor.setDefault': changed,
    'factor.remove': ({ factorId }) => {
      service.factors = service.factors.filter((kept) => kept.factorId !== factorId)
      return changed()
    },
    'recovery.regenerate': () => ({ recoveryCodes: ['ABCD-EFGH'] }),
    'recovery.acknowledge': () => ({ acknowledged: true }),
    'challenge.start': (input) => {
      started = input
      return { challenge: 'carried', options: passkeyOptions, expiresAt: nowSeconds() + 300 }
    },
    'challenge.verify': (input) => {
      if (input.method === 'passkey') return proved({ ...started, ...input })
      const { code = '' } = input
      const own = service.codeAnswers[code]
      if (own) return own()
      if (!service.codes.includes(code)) refuse('invalid_code', { attemptsLeft: 3 })
      return proved(input)
    },
    'token.exchange': () => elevated({ requestedScopes: ['wallet:sign'] }),
    'token.revoke': () => ({ revoked: true }),
  }
  const fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const address = input instanceof Request ? input.url : String(input)
    if (service.isOffline) throw new TypeError('Failed to fetch')
    const [, procedure = ''] = address.split('/demo/trpc/')
    if (!procedure) {
      const request = input as Request
      service.apiCalls.push(request)
      return service.api(request)
    }
    const call: Call = {
      procedure,
      input: JSON.parse(String(init?.body ?? '{}')),
      headers: new Headers(init?.headers),
    }
    calls.push(call)
    const answer = service.on[procedure] ?? procedures[procedure]
    try {
      if (!answer) return refuse('not_found')
      return Response.json({ result: { data: await answer(call.input, call.headers) } })
    } catch (error) {
      if (!(error instanceof Refusal)) throw error
      const { data, message } = error
      const { status } = REASONS[data.reason]
      return Response.json({ error: { message, code: -32603, data } }, { status })
    }
  }
  service.instance = createCountersign({
    url: URL_OF_SERVICE,
    environment: 'demo',
    getSessionToken: () => service.signedIn && fakeJwt(service.signedIn),
    fetch: fetch as typeof globalThis.fetch,
    ...options,
  })
  return service
}
export type Service = ReturnType<typeof startService>

const passkeyOptions = {
  challenge: 'AAAA',
  rp: { id: 'localhost', name: 'Wallet' },
  user: { id: 'AAAA', name: 'ada', displayName: 'ada' },
  pubKeyCredParams: [{ type: 'public-key', alg: -7 }],
  timeout: 60_000,
}
