// "Try a token": what the service makes of one of the application's session tokens, with the settings
// as they are typed. Nothing of the token is kept.
import { useMutation } from '@tanstack/react-query'
import type { EnvironmentSettings, TrySessionResult } from 'countersign/contract'
import { type FormEvent, useState } from 'react'
import { service } from '../api.ts'
import { Button } from '../parts/button.tsx'
import { TextField } from '../parts/field.tsx'
import { Failure, Notice } from '../parts/notice.tsx'
import { Facts } from '../parts/table.tsx'
import { Time } from '../parts/time.tsx'
import { sentence } from '../words.ts'

interface TryTokenProps {
  environment: string
  session: EnvironmentSettings['session']
}

export function TryToken({ environment, session }: TryTokenProps) {
  const [token, setToken] = useState('')
  const [problem, setProblem] = useState<string>()
  const trying = useMutation({
    mutationFn: (value: string) =>
      service.environment.trySession.query({ environment, token: value, session }),
    gcTime: 0,
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    const value = token.trim().replace(/^bearer\s+/i, '')
    const isJwt = /^[\w-]+\.[\w-]+\.[\w-]*$/.test(value)
    setProblem(isJwt ? undefined : 'Paste a whole session token: three parts with dots between.')
    if (isJwt && !trying.isPending) trying.mutate(value)
  }
  return (
    <form className="stack" onSubmit={submit} noValidate>
      <TextField
        label="A session token of your application"
        hint="Copy one from a signed-in browser. It is checked with the settings as you typed them, and not kept."
        placeholder="eyJ…"
        mono
        rows={3}
        value={token}
        error={problem}
        onValue={setToken}
      />
      <div>
        <Button type="submit" look="plain" icon="play" isPending={trying.isPending}>
          Try the token
        </Button>
      </div>
      <Failure error={trying.error} />
      <div aria-live="polite">{trying.data && <Tried result={trying.data} />}</div>
    </form>
  )
}

function Tried({ result }: { result: TrySessionResult }) {
  if (!result.accepted) {
    return (
      <Notice tone="bad" title="The token is refused">
        <p>{sentence(result.message)}</p>
      </Notice>
    )
  }
  const { subject, sessionId, clientId, authTime, expiresAt } = result
  return (
    <Notice tone="good" title="The token is accepted">
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
