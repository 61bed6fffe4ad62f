// The lines that an application pastes, made from its environment and from the rule of one action.
import { reachingMethods, readsDetails } from 'countersign/contract'
import { sampleOf } from '../model/sample.ts'
import type { ShownAction } from '../rules.ts'

/** What the lines are made from. */
export interface Lines {
  url: string
  environment: string
  audience: string
  /** The claim of session tokens that names the user. */
  subjectClaim: string
  action: ShownAction
}

/** How a page or an API is written, and the lines for it. */
interface Kind {
  label: string
  lines: (given: Lines) => string
  /** Packages that it needs beside Countersign. */
  needs?: readonly string[]
}

/** How to get the package, which is on no registry, into the projects of the page and of the API. */
export const installLines = (page: Kind, api: Kind): string => `\
# Once, in a checkout of Countersign
npm run build

# In the project of your page${page.needs ? ' (React 18 or 19)' : ''}
${installOf(page)}

# In the project of your API
${installOf(api)}`

const installOf = ({ needs = [] }: Kind): string =>
  ['npm install "./$(npm pack path/to/countersign --silent)"', ...needs].join(' ')

/** Writes a value as TypeScript does: names without quotes, texts in single ones. */
function literal(value: unknown): string {
  const text = JSON.stringify(value, null, 2).replace(
    /"((?:[^"\\]|\\.)*)"(:?)/g,
    (whole, inner: string, colon: string) => {
      if (colon && /^[A-Za-z_$][\w$]*$/.test(inner)) return `${inner}:`
      return /['\\]/.test(inner) ? whole : `'${inner}'${colon}`
    },
  )
  const line = text.replaceAll(/\n\s*/g, ' ')
  return line.length <= 72 ? line : text
}

const pathOf = ({ action }: Lines): string => literal(`/api/${action.action.replaceAll('.', '/')}`)

/** Whether page and API must name what the action will do. */
function takesDetails({ action: { rule, entry } }: Lines): boolean {
  const reads = ({ when, details = 'none' }: { when: string; details?: string | undefined }) =>
    details !== 'none' || readsDetails(when)
  return rule.details !== 'none' || (entry.stricter ?? []).some(reads)
}

/** What a page says of the action, and hands on as `{ details }`. */
function detailsOf(given: Lines): string {
  if (!takesDetails(given)) return ''
  const { detailsSchema } = given.action.entry
  const sample = detailsSchema ? sampleOf(detailsSchema) : { id: '17' }
  return `
// Yours: what the action is about to do. The user confirms it, and the token is good for nothing else.
const details = ${literal(sample)}
`
}

/** The call of the action, around which the step-up is. */
const callOf = (given: Lines): string =>
  takesDetails(given)
    ? `(fetch) =>
      fetch(${pathOf(given)}, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(details),
      }),
    { details }`
    : `(fetch) => fetch(${pathOf(given)}, { method: 'POST' })`

const SESSION_IMPORT = `\
// Yours: returns the session token of the user, or undefined while nobody is signed in.
import { getSessionToken } from './session'`

const reactPage = (given: Lines): string => `\
import 'countersign/react/dialog.css'
import { createCountersign } from 'countersign'
import { useStepUp } from 'countersign/react'
${SESSION_IMPORT}

createCountersign({
  url: ${literal(given.url)},
  environment: ${literal(given.environment)},
  getSessionToken,
})
${detailsOf(given)}
export function GuardedButton() {
  const { stepUp, dialog } = useStepUp()
  const run = async () => {
    const outcome = await stepUp(
      ${literal(given.action.action)},
      ${callOf(given).replaceAll('\n', '\n  ')},
    )
    if (outcome.status === 'completed') console.log(await outcome.value.json())
  }
  return (
    <>
      <button type="button" onClick={() => void run()}>
        Continue
      </button>
      {dialog}
    </>
  )
}`

function promptLines({ action: { rule } }: Lines): string {
  const methods = reachingMethods(rule)
  const [passkey, totp] = [methods.includes('passkey'), methods.includes('totp')]
  const given = passkey && totp ? 'enroll, methods' : 'enroll'
  const code = `
  const code = window.prompt('The code of your authenticator app')
  return code ? { method: 'totp', code } : null`
  const byPasskey = `return { method: 'passkey' }`
  const asks =
    passkey && totp
      ? `\n  if (methods.includes('passkey')) ${byPasskey}${code}`
      : passkey
        ? `\n  ${byPasskey}`
        : code
  return `\
const prompt: StepUpPrompt = ({ ${given} }) => {
  // Yours: open a page that adds a first factor, with ${passkey ? 'registerPasskey' : 'registerTotpMfaDevice'}().
  if (enroll) return null${asks}
}`
}

const plainPage = (given: Lines): string => `\
import { createCountersign, type StepUpPrompt, withStepUp } from 'countersign'
${SESSION_IMPORT}

${promptLines(given)}

createCountersign({
  url: ${literal(given.url)},
  environment: ${literal(given.environment)},
  getSessionToken,
  prompt,
})
${detailsOf(given)}
export const run = () =>
  withStepUp(
    ${literal(given.action.action)},
    ${callOf(given)},
  )`

/** Returns `text` for an action that takes details, else `otherwise`. */
const bound = (given: Lines, text: string, otherwise = ''): string =>
  takesDetails(given) ? text : otherwise

const guardLines = (given: Lines, framework = ''): string => `\
import { createGuard } from 'countersign/resource'
${framework}\
// Yours: returns the ${given.subjectClaim} of a good session token in \`Bearer …\`, or '' for anything else.
import { userIdOf } from './session.js'

const guard = createGuard({
  url: ${literal(given.url)},
  environment: ${literal(given.environment)},
  audience: ${literal(given.audience)},
  resourceKey: process.env.COUNTERSIGN_RESOURCE_KEY ?? '',
})
`

const honoApi = (given: Lines): string => `\
${guardLines(given, "import { Hono } from 'hono'\n")}
export const app = new Hono()
app.post(
  ${pathOf(given)},
  guard.requireStepUp({
    action: ${literal(given.action.action)},
    subject: (c) => userIdOf(c.req.header('authorization') ?? ''),${bound(given, '\n    details: (c) => c.req.json(),')}
  }),
  // Yours: does it${bound(given, ', by the same details')}.
  ${bound(given, 'async (c) => c.json({ done: await c.req.json() })', '(c) => c.json({ done: true })')},
)`

const expressApi = (given: Lines): string => `\
${guardLines(given, `import express${bound(given, ', { type Request }')} from 'express'\n`)}
export const app = express()
app.post(
  ${pathOf(given)},${bound(given, '\n  express.json(),')}
  guard.requireStepUpNode({
    action: ${literal(given.action.action)},
    subject: (request) => userIdOf(String(request.headers.authorization ?? '')),${bound(given, '\n    details: (request: Request) => request.body,')}
  }),
  // Yours: does it${bound(given, ', by the same details')}.
  ${bound(given, '(request, response) => void response.json({ done: request.body })', '(_, response) => void response.json({ done: true })')},
)`

const fetchApi = (given: Lines): string => `\
${guardLines(given)}
export const handle = guard.requireStepUpFetch(
  {
    action: ${literal(given.action.action)},
    subject: (request) => userIdOf(request.headers.get('authorization') ?? ''),${bound(given, '\n    details: (request) => request.json(),')}
  },
  // Yours: does it${bound(given, ', by the same details')}.
  ${bound(given, 'async (request) => Response.json({ done: await request.json() })', '() => Response.json({ done: true })')},
)`

const anyApi = (given: Lines): string => `\
${guardLines(given)}
export async function handle(${bound(given, '\n  headers: Headers,\n  details: Record<string, unknown>,\n', 'headers: Headers')}): Promise<Response> {
  const verdict = await guard.check({
    action: ${literal(given.action.action)},
    subject: await userIdOf(headers.get('authorization') ?? ''),${bound(given, '\n    details,')}
    headers,
  })
  if (!verdict.allowed) return verdict.response
  // Yours: does it${bound(given, ', by the same details')}.
  return Response.json({ done: ${bound(given, 'details', 'true')} })
}`

/** How a page is written. */
export const PAGES = {
  react: { label: 'React', lines: reactPage, needs: ['react', 'react-dom'] },
  plain: { label: 'Without a framework', lines: plainPage },
} as const satisfies Record<string, Kind>

/** How an API is written. */
export const APIS = {
  hono: { label: 'Hono', lines: honoApi, needs: ['hono'] },
  express: { label: 'Express', lines: expressApi, needs: ['express'] },
  fetch: { label: 'Workers and other fetch handlers', lines: fetchApi },
  any: { label: 'Anything else', lines: anyApi },
} as const satisfies Record<string, Kind>
