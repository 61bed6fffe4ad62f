// One user of an environment: looked up by the id that the application's session tokens name.
import { SubjectId } from 'countersign/contract'
import { type FormEvent, useState } from 'react'
import { useSearchParams } from 'wouter'
import { Button } from '../../ui/button.tsx'
import { Card } from '../../ui/card.tsx'
import { TextField } from '../../ui/field.tsx'
import { Answer, Empty } from '../../ui/notice.tsx'
import { useKnown, useSubject } from '../data.ts'
import { problemsOf } from '../model/problems.ts'
import { Events } from '../parts/events.tsx'
import { Page } from '../parts/page.tsx'
import { User } from './user.tsx'

export function Users({ environment }: { environment: string }) {
  const [params, setParams] = useSearchParams()
  const subject = params.get('user') ?? ''
  const [typed, setTyped] = useState(subject)
  const [problem, setProblem] = useState<string>()
  const find = (event: FormEvent) => {
    event.preventDefault()
    const [wrong] = problemsOf(SubjectId, typed)
    setProblem(wrong && (typed ? 'This is not a valid user id.' : 'Enter a user id.'))
    if (!wrong) setParams({ user: typed })
  }
  return (
    <Page
      title="Users"
      of={environment}
      lead="Countersign knows users by their ids alone: no names, no addresses."
    >
      <div className="stack">
        <Card title="Look up a user">
          <form className="toolbar" onSubmit={find} noValidate>
            <TextField
              label="User id"
              hint="The user id in your session tokens. Exact match."
              mono
              value={typed}
              error={problem}
              onValue={setTyped}
            />
            <Button type="submit" icon="search">
              Look up
            </Button>
          </form>
        </Card>
        {subject ? (
          <Found key={subject} environment={environment} subject={subject} />
        ) : (
          <Empty icon="users" title="Search for a user">
            <p>You see their factors, failed attempts and history, and can unlock them.</p>
          </Empty>
        )}
      </div>
    </Page>
  )
}

function Found({ environment, subject }: { environment: string; subject: string }) {
  const query = useSubject(environment, subject)
  const known = useKnown(environment, query.data?.factors)
  return (
    <>
      <Answer query={query} what="the user" lines={5}>
        {(user) => <User environment={environment} user={user} />}
      </Answer>
      {query.data?.known && (
        <Card
          title="History"
          lead="Every attempt and every change, success or failure. A confirmation and the use of its token are one row."
        >
          <Events
            chain={{ environment, subject }}
            name={`countersign-${environment}-user`}
            known={known}
          />
        </Card>
      )}
    </>
  )
}
