// The errors of failed passkey ceremonies, and that only one ceremony runs at a time.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { isCountersignError } from '../../client/errors.ts'
import { ceremony, createPasskey, usePasskey } from '../../client/passkey.ts'

const options = { challenge: 'AAAA', rpId: 'app.example', timeout: 60_000 }
const registration = {
  challenge: 'AAAA',
  rp: { id: 'app.example', name: 'App' },
  user: { id: 'AAAA', name: 'u', displayName: 'u' },
  pubKeyCredParams: [],
  timeout: 60_000,
}

/** A browser whose authenticator answers like this. */
function browser(answer: () => Promise<unknown>) {
  vi.stubGlobal('PublicKeyCredential', class {})
  vi.stubGlobal('location', { hostname: 'app.example' })
  vi.stubGlobal('navigator', { credentials: { get: answer, create: answer } })
}

const throwing = (name: string, message = 'no') =>
  browser(async () => {
    throw new DOMException(message, name)
  })

const reasonOf = async (run: Promise<unknown>) => {
  const error = await run.then(
    () => undefined,
    (thrown) => thrown,
  )
  if (!isCountersignError(error)) throw error ?? new Error('it did not fail')
  return error
}

const use = (more: Record<string, unknown> = {}) =>
  ceremony(
    async () => ({ options: { ...options, ...more } }),
    usePasskey,
    async () => 'done',
  )
const create = () =>
  ceremony(
    async () => ({ options: registration }),
    createPasskey,
    async () => 'done',
  )

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => {
  vi.unstubAllGlobals()
  vi.useRealTimers()
})

describe('a ceremony that fails', () => {
  it.each([
    ['cancelled', 'NotAllowedError', 'The operation either timed out or was not allowed.'],
    ['cancelled', 'AbortError', ''],
    ['not_allowed', 'SecurityError', ''],
    ['not_allowed', 'NotAllowedError', 'The document is not focused.'],
    ['not_allowed', 'NotAllowedError', "The 'publickey-credentials-get' feature is not enabled."],
    ['unsupported', 'NotSupportedError', ''],
    ['unsupported', 'ConstraintError', ''],
  ])('is %s after %s "%s"', async (reason, name, message) => {
    throwing(name, message)
    const error = await reasonOf(use())
    expect(error.reason).toBe(reason)
    expect(error.cause).toBeInstanceOf(Error)
  })

  it('is a timeout when nobody answered in the time that the options gave', async () => {
    browser(async () => {
      vi.advanceTimersByTime(60_000)
      throw new DOMException(
        'The operation either timed out or was not allowed.',
        'NotAllowedError',
      )
    })
    expect((await reasonOf(use())).reason).toBe('timeout')
  })

  it('says that there is no passkey when the browser hands back nothing', async () => {
    browser(async () => null)
    expect((await reasonOf(use())).reason).toBe('no_credential')
  })

  it('says that a browser without WebAuthn does not support it', async () => {
    browser(async () => null)
    vi.stubGlobal('PublicKeyCredential', undefined)
    expect((await reasonOf(use())).reason).toBe('unsupported')
  })

  it('says that an authenticator holds a passkey already', async () => {
    throwing('InvalidStateError')
    expect((await reasonOf(create())).reason).toBe('conflict')
  })
})

describe('two ceremonies', () => {
  it('ends the first one when a second begins, even before the browser was asked', async () => {
    const { promise, resolve } = Promise.withResolvers<{ options: typeof options }>()
    const answer = vi.fn(async () => null)
    browser(answer)
    const first = ceremony(
      () => promise,
      usePasskey,
      async () => 'done',
    )
    const second = use()
    resolve({ options })
    expect((await reasonOf(first)).reason).toBe('cancelled')
    expect((await reasonOf(second)).reason).toBe('no_credential')
    expect(answer).toHaveBeenCalledTimes(1)
  })
})
