// A pasted token as this page reads it, before an environment exists that could verify it.
import type { SessionSettings } from 'countersign/contract'
import { useState } from 'react'
import { Facts } from '../../ui/facts.tsx'
import { TextField } from '../../ui/field.tsx'
import { Notice } from '../../ui/notice.tsx'
import { Time } from '../../ui/time.tsx'
import { type Checked, checkToken, type Fault } from '../model/token-check.ts'
import { sentence } from '../words.ts'

export const now = () => Math.floor(Date.now() / 1000)

export function CheckToken({ session }: { session: SessionSettings }) {
  const [token, setToken] = useState('')
  return (
    <>
      <TextField
        label="A session token of your application"
        hint="Optional. Copy one from a signed-in browser: this page compares it with what you entered. It is not sent anywhere."
        placeholder="eyJ…"
        mono
        rows={3}
        value={token}
        onValue={setToken}
      />
      <div aria-live="polite">
        {token.trim() && session.issuer && <Found {...checkToken(token, session, now())} />}
      </div>
    </>
  )
}

function Found({ faults, subject, sessionId, authTime }: Checked) {
  const isRefused = faults.some((fault) => fault.isRefused)
  return (
    <Notice
      tone={isRefused ? 'bad' : faults.length > 0 ? 'warn' : 'good'}
      title={isRefused ? 'The token would be refused' : 'The token fits these settings'}
    >
      <Faults faults={faults} />
      {!isRefused && (
        <>
          <Facts
            facts={[
              ['User', <code key="user">{subject}</code>],
              ['Session', sessionId ?? 'not named'],
              ['Signed in', authTime === undefined ? 'not said' : <Time key="at" at={authTime} />],
            ]}
          />
          <p className="small soft">
            Its signature is verified when you try it in the guide of the new environment.
          </p>
        </>
      )}
    </Notice>
  )
}

/** What is wrong with a token, and what to change. */
export const Faults = ({ faults }: { faults: readonly Fault[] }) =>
  faults.map(({ text, advice }) => (
    <p key={text}>
      <strong>{sentence(text)}</strong> {sentence(advice)}
    </p>
  ))
