// The operations of receipts.
import type { OperationsOf } from './operation.ts'
import { AUDIENCE, NOW } from './resources.ts'

const JTI = 'Jw3yqkZ0Nf8h2bS6xT1vLg'
const BY = 'resource:rk_Zt4wQ8nL2xYp'
const hashes = [
  '3b7e0b1d5a2c4f6e8091a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f7',
  '9f86d081884c7d659a2feaa0c55ad0153b7e0b1d5a2c4f6e8091a2b3c4d5e6f7',
] as const
const salt = '9f86d081884c7d659a2feaa0c55ad015'
const proof = {
  method: 'totp' as const,
  factorId: 'fac_Jw3yqkZ0Nf8h2bS6xT1vLg',
  amr: ['otp', 'mfa'],
  acr: 'mfa' as const,
  authTime: NOW,
}
const token = { jti: JTI, kind: 'elevated' as const, scopes: ['orders:refund'], singleUse: true }

export const RECEIPT_OPERATIONS: OperationsOf<'receipt'> = {
  get: {
    summary: 'Get a receipt',
    description:
      'Returns the proof of the step-up that issued a token, signed for anybody who has the receipt keys. A user gets the receipts of their own tokens. An API gets one after it spent the token, and sends `subject` too. An operator sends `environment` and `subject`.',
    reasons: ['not_found', 'conflict', 'unknown_environment'],
    example: { jti: JTI },
    answer: {
      v: 1,
      iss: 'https://countersign.example/shop',
      environment: 'shop',
      sub: 'alice',
      iat: NOW + 60,
      version: 1,
      token: {
        ...{ ...token, audience: AUDIENCE, actions: ['order.refund'] },
        ...{ issuedAt: NOW, expiresAt: NOW + 300 },
      },
      details: {
        action: 'order.refund',
        hash: 'ku1hHJqqMPfYH5jAFdB9yhTYEF3DcSJlhSBvk0D4dWM',
        salt: 'c2l4dGVlbi1ieXRlcy0xNg',
      },
      proofs: [proof],
      consumed: { at: NOW + 5, by: BY, position: 8 },
      chain: {
        events: [
          {
            ...{ seq: 7, at: NOW, type: 'step_up.passed', actor: 'subject' },
            data: { ...proof, tokens: [token] },
            ...{ salt, previous: '0'.repeat(64), hash: hashes[0] },
          },
          {
            ...{ seq: 8, at: NOW + 5, type: 'token.consumed', actor: BY },
            data: { jti: JTI, action: 'order.refund', method: 'totp' },
            ...{ salt, previous: hashes[0], hash: hashes[1] },
          },
        ],
        digests: [],
        checkpoint:
          'eyJhbGciOiJFUzI1NiIsInR5cCI6ImNvdW50ZXJzaWduLWNoZWNrcG9pbnQrand0In0.eyJwb3NpdGlvbiI6OH0.c2lnbmF0dXJl',
      },
      signature: 'eyJhbGciOiJFUzI1NiIsInR5cCI6ImNvdW50ZXJzaWduLXJlY2VpcHQrandzIn0..c2lnbmF0dXJl',
    },
  },
}
