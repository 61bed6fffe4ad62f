// Verifying the user for one scope with what they have: the default method first, the others one step
// away. What was verified after the user had gone is thrown away, so that nobody runs on it later.
import { useEffect, useRef, useState } from 'react'
import type { Details, Method } from '../../contract/index.ts'
import type { Countersign } from '../instance.ts'
import { cancelCeremony } from '../passkey.ts'
import type { StepUpCredential } from '../prompt.ts'
import {
  authenticateMfaRecoveryCode,
  authenticatePasskeyMFA,
  authenticateTotpMfaDevice,
} from '../step-up.ts'
import { Choices } from './choices.tsx'
import { CodeField } from './code-field.tsx'
import { Devices, Locked, Notice, PasskeyPanel } from './panels.tsx'
import { Button, useCall } from './parts.tsx'
import type { StepUpTexts } from './texts.ts'

/** What is verified, and with what. */
export interface VerifyProps {
  instance: Countersign
  texts: StepUpTexts
  scope: string
  details: Details | undefined
  methods: readonly Method[]
  credentials: readonly StepUpCredential[]
  /** Until when the code that enrolled the only factor is still shown, in epoch milliseconds. */
  nextCodeAt?: number | undefined
  onVerified: () => void
}

type Offered = 'passkey' | 'totp' | 'recovery'
const ORDER: readonly Offered[] = ['passkey', 'totp', 'recovery']

/** The methods to offer, the default one first. */
export function offered({ methods, credentials }: Pick<VerifyProps, 'methods' | 'credentials'>) {
  const [first] = credentials
  const has = (method: Offered) =>
    methods.includes(method) &&
    (method === 'recovery' || !first || credentials.some(({ type }) => type === method))
  const preferred = first?.isDefault ? first.type : undefined
  return ORDER.filter(has).sort((a, b) => Number(b === preferred) - Number(a === preferred))
}

export function Verify(props: VerifyProps) {
  const { instance, texts, scope, details, credentials, nextCodeAt, onVerified } = props
  const choices = offered(props)
  const [method, setMethod] = useState(choices[0])
  const [isChoosing, setChoosing] = useState(false)
  const [waits, setWaits] = useState<{ code?: number; passkey?: number }>({})
  const [isLocked, setLocked] = useState(false)
  const call = useCall()
  const atPasskey = useRef(false)
  const asked = useRef(method)
  useEffect(
    () => () => {
      if (atPasskey.current) cancelCeremony()
    },
    [],
  )

  const apps = credentials.filter(({ type }) => type === 'totp')
  const [deviceId, setDevice] = useState(apps[0]?.id)

  const verify = (kind: 'code' | 'passkey', run: () => Promise<Verified>) => {
    atPasskey.current = kind === 'passkey'
    asked.current = kind === 'passkey' ? 'passkey' : method
    call.run(run, {
      done: onVerified,
      late: (result) => discard(instance, result),
      failed: ({ reason, retryAfterSeconds }) => {
        atPasskey.current = false
        if (reason === 'locked') setLocked(true)
        if (reason === 'rate_limited') {
          setWaits((all) => ({ ...all, [kind]: Date.now() + (retryAfterSeconds ?? 30) * 1000 }))
        }
      },
    })
  }
  const choose = (next: Offered) => {
    call.clear()
    setChoosing(false)
    setMethod(next)
  }
  const wish = { requestedScopes: [scope], details }
  const withPasskey = () => verify('passkey', () => authenticatePasskeyMFA(wish, instance))

  if (!method) return <Notice>{texts.nothingUsable}</Notice>
  if (isChoosing) {
    const rows = choices.map((id) => ({ id, title: texts.methods[id] }))
    return <Choices label={texts.anotherMethod} choices={rows} onChoose={choose} />
  }
  const others = choices.filter((other) => other !== method && !(isLocked && other !== 'passkey'))
  const another = () => {
    const [only] = others
    if (atPasskey.current) cancelCeremony()
    if (others.length === 1 && only) choose(only)
    else {
      call.clear()
      setChoosing(true)
    }
  }
  // A prompt that was left for another method ends as `cancelled`, which is nobody's mistake.
  const error = asked.current === method ? call.error : undefined
  const panel = {
    texts,
    busy: call.busy,
    error,
    waitUntil: method === 'passkey' ? waits.passkey : waits.code,
  }
  return (
    <>
      {method === 'passkey' ? (
        <PasskeyPanel {...panel} onPress={withPasskey} />
      ) : isLocked ? (
        <Locked
          texts={texts}
          onPasskey={
            choices.includes('passkey') &&
            (() => {
              choose('passkey')
              withPasskey()
            })
          }
        />
      ) : method === 'totp' ? (
        <>
          {apps.length > 1 && (
            <Devices apps={apps} texts={texts} value={deviceId} onChange={setDevice} />
          )}
          <CodeField
            key="totp"
            kind="totp"
            label={texts.codeLabel}
            hint={nextCodeAt ? texts.nextCode : texts.codeHint}
            submitLabel={texts.verify}
            texts={texts}
            busy={call.busy}
            error={error}
            waitUntil={waits.code}
            nextCodeAt={nextCodeAt}
            onCode={(code) =>
              verify('code', () =>
                authenticateTotpMfaDevice(
                  { ...wish, code, ...(deviceId && { deviceId }) },
                  instance,
                ),
              )
            }
          />
        </>
      ) : (
        <CodeField
          key="recovery"
          kind="recovery"
          label={texts.recoveryLabel}
          hint={texts.recoveryHint}
          submitLabel={texts.verify}
          texts={texts}
          busy={call.busy}
          error={error}
          waitUntil={waits.code}
          onCode={(code) =>
            verify('code', () => authenticateMfaRecoveryCode({ ...wish, code }, instance))
          }
        />
      )}
      {others.length > 0 && !(isLocked && method !== 'passkey') && (
        <Button kind="quiet" disabled={call.busy && method !== 'passkey'} onPress={another}>
          {texts.anotherMethod}
        </Button>
      )}
    </>
  )
}

type Verified = Awaited<ReturnType<typeof authenticateTotpMfaDevice>>

/** Ends a token that nobody waits for any more, here and at the server. */
function discard({ tokens, rpc }: Countersign, result: Verified): void {
  const jti = 'elevatedToken' in result ? result.elevatedToken?.jti : undefined
  const kept = tokens.list().find((token) => token.jti === jti)
  if (!kept) return
  tokens.drop(kept.jti)
  rpc.token.revoke.mutate({ token: kept.token }).catch(() => {})
}
