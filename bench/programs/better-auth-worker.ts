// better-auth on workerd with its memory adapter.

// esbuild initializes the one of better-auth/adapters/memory too late.
import { memoryAdapter } from '@better-auth/memory-adapter'
import { betterAuth } from 'better-auth'
import { optionsWith } from './better-auth.ts'

const MODELS = ['user', 'session', 'account', 'verification', 'twoFactor', 'passkey']

// A Worker may use random values only while it answers.
const create = () =>
  betterAuth(optionsWith(memoryAdapter(Object.fromEntries(MODELS.map((model) => [model, []])))))
let kept: ReturnType<typeof create> | undefined

export default {
  fetch(request: Request, { PUBLIC_URL: issuer }: { PUBLIC_URL: string }) {
    if (new URL(request.url).pathname === '/health') return Response.json({ status: 'ok', issuer })
    kept ??= create()
    return kept.handler(request)
  },
}
