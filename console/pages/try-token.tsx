// "Try a token": what the service makes of one of the application's session tokens, with the settings
// as they are typed. Nothing of the token is kept.
import { useMutation } from '@tanstack/react-query'
import {
  type EnvironmentSettings,
  presetOf,
  type SessionSettings,
  type SessionWarning,
  type TrySessionResult,
} from 'countersign/contract'
import { useState } from 'react'
import { Facts } from '../../ui/facts.tsx'
import { TextField } from '../../ui/field.tsx'
import { Form } from '../../ui/form.tsx'
import { Failure, Notice } from '../../ui/notice.tsx'
import { Time } from '../../ui/time.tsx'
import { service } from '../api.ts'
import { rememberTried } from '../data.ts'
import { having } from '../model/editing.ts'
import { placeName } from '../model/saying.ts'
import { checkToken } from '../model/token-check.ts'
import { duration, roughly, sentence } from '../words.ts'
import { Faults, now } from './check-token.tsx'

/** The settings that a token is tried with, as they are typed. */
type Draft = Pick<EnvironmentSettings, 'session' | 'firstFactor' | 'firstFactorSessionSeconds'>

interface TryTokenProps {
  environment: string
  settings: Draft
}

export function TryToken({ environment, settings }: TryTokenProps) {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string>()
  const trying = useMutation({
    mutationFn: (value: string) => {
      const { session, firstFactor, firstFactorSessionSeconds } = settings
      const draft = having<Draft>({ session }, { firstFactor, firstFactorSessionSeconds })
      return service.environment.trySession.query({ environment, token: value, ...draft })
    },
    onSuccess: ({ accepted }) => accepted && rememberTried(environment),
    gcTime: 0,
  })
  const paste = (value: string) => {
    setToken(value)
    setProblem(undefined)
    trying.reset()
  }
  const send = () => {
    const value = token.trim().replace(/^bearer\s+/i, '')
    const isJwt = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(value)
    setProblem(isJwt ? undefined : 'Paste a whole session token: three parts with dots between.')
    if (isJwt) trying.mutate(value)
  }
  return (
    <>
      <Form
        action="Try the token"
        look="plain"
        icon="play"
        isPending={trying.isPending}
        onSend={send}
      >
        <TextField
          label="A session token of your application"
          hint="Copy one from a signed-in browser. It is checked with the settings as you typed them, and not kept."
          placeholder="eyJ…"
          mono
          rows={3}
          value={token}
          error={problem}
          onValue={paste}
        />
      </Form>
      <Failure error={trying.error} />
      <div aria-live="polite">
        {trying.data && <Tried result={trying.data} token={token} session={settings.session} />}
      </div>
    </>
  )
}

interface TriedProps {
  result: TrySessionResult
  token: string
  session: SessionSettings
}

function Tried({ result, token, session }: TriedProps) {
  const { faults } = checkToken(token, session, now())
  if (!result.accepted) {
    const refusing = faults.filter(({ isRefused }) => isRefused)
    return (
      <Notice tone="bad" title="The token is refused">
        <p>{sentence(result.message)}</p>
        <Faults faults={refusing} />
        {refusing.length === 0 && (
          <p>
            What it says fits these settings. Copy the whole token, and compare the public keys here
            with those of its issuer.
          </p>
        )}
      </Notice>
    )
  }
  const { subject, sessionId, clientId, authTime, expiresAt, warnings } = result
  // A preset knows how to add the time of the sign-in at its provider.
  const [noTime, others] = presetOf(session)
    ? [warnings.filter(isNoTime), warnings.filter((warning) => !isNoTime(warning))]
    : [[], warnings]
  const cannotEnroll = warnings.some(({ code }) => PREVENTS_ENROLLING[code])
  return (
    <Notice
      tone={cannotEnroll ? 'warn' : 'good'}
      title={`The token is accepted${cannotEnroll ? ', but cannot add a first factor' : ''}`}
    >
      {noTime.length > 0 && <Faults faults={faults} />}
      {others.map((warning) => (
        <p key={warning.code}>{textOf(warning)}</p>
      ))}
      <Facts
        facts={[
          ['User', <code key="user">{subject}</code>],
          ['Session', sessionId ?? 'not named'],
          ...(clientId ? ([['Client', clientId]] as const) : []),
          ['Signed in', authTime === undefined ? 'not said' : <Time key="at" at={authTime} />],
          ['Expires', <Time key="until" at={expiresAt} />],
        ]}
      />
    </Notice>
  )
}

type Code = SessionWarning['code']

const isNoTime = ({ code }: SessionWarning): boolean => code === 'auth_time_missing'

const PREVENTS_ENROLLING: Record<Code, boolean> = {
  auth_time_missing: true,
  sign_in_too_old: true,
  session_id_missing: false,
}

const TEXTS: { [C in Code]: (warning: Extract<SessionWarning, { code: C }>) => string } = {
  auth_time_missing: ({ claim }) =>
    `${claim} is missing, or says no time: nobody can add a first factor with such a token. Add it to your session tokens, as the time of the sign-in in epoch seconds, or let your backend vouch for users under “${placeName('firstFactor')}” in Settings.`,
  sign_in_too_old: ({ ageSeconds, longestAgeSeconds }) =>
    `The sign-in was ${roughly(ageSeconds)} ago. To add a first factor it must be within ${duration(longestAgeSeconds)}: the user signs in again first. Users who have a factor are not affected.`,
  session_id_missing: ({ claim }) =>
    `${claim} is missing: what a user confirms in one session counts in their other sessions too, and limits for a session start again with every new token.`,
}

const textOf = (warning: SessionWarning): string =>
  (TEXTS[warning.code] as (warning: SessionWarning) => string)(warning)
