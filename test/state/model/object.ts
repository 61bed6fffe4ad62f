// Calls a user's object as the model's calls describe, with real codes, passkeys and sealed secrets.
import { env } from 'cloudflare:workers'
import { base32nopad } from '@scure/base'
import type { Acr, Method, Requirement } from '../../../contract/index.ts'
import { random } from '../../../functions/clock.ts'
import { utf8 } from '../../../functions/domain/bytes.ts'
import { type StoredTotp, sealedFor } from '../../../functions/domain/factors/totp.ts'
import { refusal } from '../../../functions/domain/refusal.ts'
import { seal } from '../../../functions/domain/seal.ts'
import { type Statement, webauthnChallengeOf } from '../../../functions/domain/tokens/challenge.ts'
import { subjectObject } from '../../../functions/edge/objects.ts'
import { readBindings } from '../../../functions/env.ts'
import { type Authenticator, createAuthenticator } from '../../support/authenticator.ts'
import { wrongCode } from '../../support/service.ts'
import { totpCode } from '../../support/totp.ts'
import { stepOf } from './state.ts'
import type { Call, Order } from './verbs.ts'

const RELYING_PARTY = { rpId: 'app.example', origins: ['https://app.example'] }
const DEVICE = { rpId: RELYING_PARTY.rpId, origin: 'https://app.example' }
const TERMS = { version: 1, actions: [] }
const DATA_KEY = random(32)
const ES256 = [{ alg: -7 }]
/** One session makes all calls, for one scope. */
const SESSION = 'session'
const SCOPE = 'a:b'

/** How a call was answered, and the recovery codes that came with it. */
export interface Answered {
  answer: string
  codes: string[]
}

const factorSecret = (id: string): Uint8Array => utf8(id.padEnd(20, '-')).slice(0, 20)

/** A user of an environment. */
export function makeObject(environment: string, subject: string) {
  const who = { environment, subject, epoch: 0, keepDays: 400, rpId: RELYING_PARTY.rpId }
  const object = subjectObject(readBindings(env), environment, subject)
  const devices = new Map<string, Authenticator>()

  const requirement = (methods: Method[], acr: Acr): Requirement => ({
    ...{ action: 'credential.link', scope: 'credential:link', details: 'optional' },
    ...{ methods, acr, freshnessSeconds: 300 },
  })
  const gateOf = (
    { jti, methods, acr }: { jti: string | undefined; methods: Method[]; acr: Acr },
    tokenAcr: Acr,
  ) => ({
    requirement: requirement(methods, acr),
    ...(jti !== undefined && { spend: { jti, acr: tokenAcr, scope: SCOPE } }),
  })
  const statementOf = (nonce: string): Statement => ({
    ...{ iss: environment, sub: subject, purpose: 'test', scope: '', epoch: 0, nonce },
    exp: 4_000_000_000,
  })
  const tokensOf = ({ jti, singleUse, lifetime }: Order) => [
    {
      ...{ jti, kind: 'elevated' as const, audience: 'https://api.example', scopes: [SCOPE] },
      ...{ singleUse, ...lives(lifetime) },
    },
  ]
  const lives = (seconds: number) => ({ lifetimeSeconds: seconds, freshnessSeconds: seconds })
  const codeOf = (id: string, step: number | null): string => {
    const secret = base32nopad.encode(factorSecret(id))
    return step === null ? wrongCode(secret) : totpCode(secret, step - stepOf(Date.now() / 1000))
  }
  const storedTotp = (id: string): string => {
    const sealed = seal(DATA_KEY, 'totp', sealedFor(who, id), factorSecret(id), random)
    const parameters = { algorithm: 'SHA1', digits: 6, periodSeconds: 30 } as const
    return JSON.stringify({ ...parameters, sealed } satisfies StoredTotp)
  }

  /** A passkey's answer: without user verification where it is to be no good. */
  async function registered(nonce: string, good: boolean) {
    const device = createAuthenticator(DEVICE)
    const response = await device.register(
      {
        challenge: webauthnChallengeOf(statementOf(nonce)),
        rp: { id: DEVICE.rpId },
        user: { id: 'AAAA' },
        pubKeyCredParams: ES256,
      },
      good ? {} : { userVerified: false },
    )
    return { device, response }
  }
  async function authenticated(id: string, nonce: string, good: boolean) {
    const device = devices.get(id) ?? createAuthenticator(DEVICE)
    const challenge = webauthnChallengeOf(statementOf(nonce))
    if (device.credentials.length === 0)
      await device.register({ challenge, rp: {}, user: { id: 'AAAA' }, pubKeyCredParams: ES256 })
    const userHandle = null
    return device.authenticate({ challenge }, { userHandle, ...(!good && { userVerified: false }) })
  }

  type Run = () => Promise<object>
  const operatorCall = { who, operator: 'model' }

  async function prepare(
    call: Call,
    acrOf: (jti: string | undefined) => Acr,
    now: number,
  ): Promise<Run> {
    switch (call.verb) {
      case 'start': {
        const { id, kind, fresh, gate } = call
        const secret = kind === 'totp' ? storedTotp(id) : '{}'
        const expiresAt = now + (kind === 'totp' ? 600 : 300)
        const first = fresh ? { singleUseKeys: [] } : { refused: refusal('session_not_fresh') }
        const more = { factorId: id, kind, label: null, secret, expiresAt, first, session: SESSION }
        return () => object.startEnrollment({ who, gate: gateOf(gate, acrOf(gate.jti)), ...more })
      }
      case 'confirmTotp': {
        const { id: factorId, step } = call
        const code = codeOf(factorId, step)
        const more = { factorId, withCodes: true, dataKey: DATA_KEY, code }
        return () => object.confirmTotp({ who, ...more })
      }
      case 'confirmPasskey': {
        const { id: factorId, nonce, good } = call
        const { device, response } = await registered(nonce, good)
        const more = {
          ...{ factorId, withCodes: true, response, relyingParty: RELYING_PARTY },
          session: SESSION,
        }
        return async () => {
          const statement = statementOf(nonce)
          const confirmed = await object.confirmPasskey({ who, statement, ...more })
          if (!('refused' in confirmed)) devices.set(factorId, device)
          return confirmed
        }
      }
      case 'stepUpTotp': {
        const { of, id: factorId, step, order } = call
        const more = {
          tokens: tokensOf(order),
          terms: TERMS,
          code: codeOf(of, step),
          dataKey: DATA_KEY,
        }
        return () => object.stepUpTotp({ who, factorId, ...more })
      }
      case 'stepUpRecovery':
        return () =>
          object.stepUpRecovery({
            ...{ who, tokens: tokensOf(call.order), terms: TERMS, code: call.code },
          })
      case 'stepUpPasskey': {
        const { id, nonce, good, order } = call
        const response = await authenticated(id, nonce, good)
        const more = {
          ...{ statement: statementOf(nonce), response, relyingParty: RELYING_PARTY },
          session: SESSION,
        }
        return () => object.stepUpPasskey({ who, tokens: tokensOf(order), terms: TERMS, ...more })
      }
      case 'exchange': {
        const { claim, age, order } = call
        const singleUseKeys = [{ key: claim, expiresAt: 4_000_000_000 }]
        const proof = {
          ...{ factorId: 'assertion', method: 'assertion' as const, amr: ['pwd'], singleUseKeys },
          ...{ acr: 'mfa' as const, authTime: now - age },
        }
        return () => object.exchange({ who, tokens: tokensOf(order), terms: TERMS, proof })
      }
      case 'consume': {
        const { jti, methods, requestHash } = call
        const presented = { kind: 'elevated' as const, scope: SCOPE }
        const more = {
          ...{ requirement: requirement(methods, 'recovery'), action: 'a', actor: 'test' },
          presented,
        }
        return () => object.consume({ who, jti, requestHash, ...more })
      }
      case 'revoke':
        return () => object.revoke({ who, jti: call.jti, actor: 'test' })
      case 'rename':
        return () => object.rename({ who, factorId: call.id, label: call.label, session: SESSION })
      case 'setDefault':
      case 'remove': {
        const gate = gateOf(call.gate, acrOf(call.gate.jti))
        return () => object[call.verb]({ who, factorId: call.id, gate })
      }
      case 'regenerate':
        return () => object.regenerateCodes({ who, gate: gateOf(call.gate, acrOf(call.gate.jti)) })
      case 'acknowledge':
        return () => object.acknowledgeCodes({ who })
      case 'unlock':
        return () => object.unlock(operatorCall)
      case 'reset':
        return () => object.resetFactors(operatorCall)
      case 'endTokens':
        return () => object.endTokens(operatorCall)
    }
  }
  return { object, who, prepare }
}

/** How the object answered. */
export function answeredOf(answer: object): Answered {
  if ('refused' in answer)
    return { answer: (answer.refused as { reason: string }).reason, codes: [] }
  const codes = 'recoveryCodes' in answer ? (answer.recoveryCodes as string[]) : []
  return { answer: 'replayed' in answer && answer.replayed ? 'ok, replayed' : 'ok', codes }
}
