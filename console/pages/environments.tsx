// All environments of the service: where an operator arrives.
import { Link } from 'wouter'
import { Icon } from '../../ui/icon.tsx'
import { Answer, Empty } from '../../ui/notice.tsx'
import { Time } from '../../ui/time.tsx'
import { useEnvironments } from '../data.ts'
import { Page } from '../parts/page.tsx'

export function Environments() {
  const query = useEnvironments()
  const create = (
    <Link href="/new" className="button">
      <Icon name="plus" />
      Create environment
    </Link>
  )
  return (
    <Page
      title="Environments"
      lead="One application in one stage, such as sandbox or live. Each has its own settings, keys and users."
      beside={query.data && query.data.length > 0 ? create : undefined}
    >
      <Answer query={query} what="the environments">
        {(environments) =>
          environments.length === 0 ? (
            <Empty icon="environments" title="Create your first environment">
              <p>
                Tell it how your application signs users in and where its API is. A guide then leads
                you to the lines that you paste into your application.
              </p>
              {create}
            </Empty>
          ) : (
            <ul className="environment-list">
              {environments.map(({ environment, createdAt }) => (
                <li key={environment}>
                  <Link href={`/e/${environment}`}>
                    <strong>{environment}</strong>
                    <span className="small soft">
                      Created <Time at={createdAt} />
                    </span>
                  </Link>
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Page>
  )
}
