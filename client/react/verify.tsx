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
import { waitUntilOf } from './waiting.tsx'
import { CannotUse, type Offered, type StepUpHelp, Ways } from './ways.tsx'

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
  help: StepUpHelp | undefined
  /** Until when codes of every kind are refused, in epoch milliseconds. */
  codeWait: number | undefined
  onCodeWait: (until: number) => void
  /** Adds a factor with a recovery code; missing where that is what this is for. */
  onRecover?: (() => void) | undefined
  /** Leaves this step for the one before; missing where there is no such step. */
  onBack?: () => void
  onVerified: () => void
}

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
  const { instance, texts, scope, details, credentials, nextCodeAt, codeWait, onVerified } = props
  const choices = offered(props)
  const [method, setMethod] = useState(choices[0])
  const [view, setView] = useState<'method' | 'choices' | 'ways'>('method')
  const [passkeyWait, setPasskeyWait] = useState<number>()
  const [isLocked, setLocked] = useState(false)
  const [hasPasskeyFailed, setPasskeyFailed] = useState(false)
  const call = useCall()
  const atPasskey = useRef(false)
  const asked = useRef<Offered | undefined>(method)
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
      failed: (error) => {
        atPasskey.current = false
        if (kind === 'passkey' && asked.current === 'passkey') setPasskeyFailed(true)
        if (error.reason === 'locked') setLocked(true)
        const until = waitUntilOf(error)
        if (until) (kind === 'code' ? props.onCodeWait : setPasskeyWait)(until)
      },
    })
  }
  const leaveFor = (next: typeof view) => {
    // A prompt that was left ends as `cancelled`, which is nobody's mistake.
    if (atPasskey.current) {
      cancelCeremony()
      asked.current = undefined
    }
    call.clear()
    setPasskeyFailed(false)
    setView(next)
  }
  const choose = (next: Offered) => {
    leaveFor('method')
    setMethod(next)
  }
  const wish = { requestedScopes: [scope], details }
  const withPasskey = () => verify('passkey', () => authenticatePasskeyMFA(wish, instance))

  const others = choices.filter((other) => other !== method && !(isLocked && other !== 'passkey'))
  const ways = {
    ...{ instance, texts, help: props.help, others, onMethod: choose },
    // Recovery codes share the lock of the other codes.
    onRecover: isLocked ? undefined : props.onRecover,
  }
  if (!method) {
    return (
      <>
        <Notice>{texts.nothingUsable}</Notice>
        <Ways {...ways} />
      </>
    )
  }
  if (view === 'ways') return <CannotUse {...ways} onBack={() => setView('method')} />
  if (view === 'choices') {
    const rows = choices.map((id) => ({ id, title: texts.methods[id] }))
    return (
      <>
        <Choices label={texts.anotherMethod} choices={rows} onChoose={choose} />
        <Button kind="quiet" onPress={() => leaveFor('ways')}>
          {texts.cannotUse}
        </Button>
      </>
    )
  }
  const another = () => {
    const [only] = others
    if (others.length === 1 && only) choose(only)
    else leaveFor('choices')
  }
  const error = asked.current === method ? call.error : undefined
  const panel = {
    texts,
    busy: call.busy,
    error,
    waitUntil: method === 'passkey' ? passkeyWait : codeWait,
  }
  const isSending = call.busy && method !== 'passkey'
  const areWaysShown = method === 'passkey' ? hasPasskeyFailed : isLocked
  return (
    <>
      {method === 'passkey' ? (
        <PasskeyPanel
          {...panel}
          onPress={withPasskey}
          ways={hasPasskeyFailed && <Ways {...ways} />}
        />
      ) : isLocked ? (
        <>
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
          <Ways {...ways} others={[]} />
        </>
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
            waitUntil={codeWait}
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
          waitUntil={codeWait}
          onCode={(code) =>
            verify('code', () => authenticateMfaRecoveryCode({ ...wish, code }, instance))
          }
        />
      )}
      {!areWaysShown && others.length > 0 && (
        <Button kind="quiet" disabled={isSending} onPress={another}>
          {texts.anotherMethod}
        </Button>
      )}
      {!areWaysShown && (
        <Button kind="quiet" disabled={isSending} onPress={() => leaveFor('ways')}>
          {texts.cannotUse}
        </Button>
      )}
      {props.onBack && (
        <Button kind="quiet" disabled={isSending} onPress={props.onBack}>
          {texts.back}
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
