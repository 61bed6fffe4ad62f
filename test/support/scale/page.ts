// Creates docs/scale.md: what the service costs, and where it ends, from the costs of calls and the prices and limits
// of the platform.
import { FLUSH_SECONDS } from '../../../functions/edge/counting.ts'
import { KEPT_ENVIRONMENTS, KEPT_SECONDS } from '../../../functions/edge/environment.ts'
import { COUNTS_SHARDS } from '../../../functions/edge/objects.ts'
import { HISTORY_MAX_EVENTS } from '../../../functions/state/history.ts'
import { EVENTS_PER_HOUR_MAX } from '../history-bound.ts'
import { ASSUMED_CPU_MILLISECONDS, type Cost, costOf, measuredCpu } from './costs.ts'
import {
  type Billed,
  LIMITS,
  OBJECT_GIGABYTES,
  PRICES,
  READ_IN,
  SOURCES,
  STORED_GB_MONTH,
} from './prices.ts'
import { SIZES } from './sizes.ts'

/** Where the page is kept, from the root. */
export const SCALE_PAGE = 'docs/scale.md'

const MILLION = 1_000_000
const USERS = 100_000_000
const STEP_UPS_PER_SECOND = 100_000
/** How long one call keeps its object running: mostly the wait until what it wrote is stored elsewhere, too. */
const ASSUMED_OBJECT_SECONDS = 0.02
const KEPT_MONTHS = 400 / 30
/** Writing requests that one object answered in a second in workerd, at least. */
const WRITES_PER_SECOND = 200
const COUNTING = 'an isolate, every 10 s for each environment and kind of event'

/** A call with its name in costs.md, and in the bench. */
interface Call {
  name: string
  bench?: string
}
const CHECK: Call = { name: 'policy.check, session seen', bench: 'policy.check' }
const CONDITION: Call = { name: 'policy.check, with a condition' }
const START: Call = { name: 'challenge.start' }
const START_CONDITION: Call = { name: 'challenge.start, with a condition' }
const PASSKEY: Call = { name: 'challenge.verify, passkey', bench: 'passkey step-up' }
const PASSKEY_CONDITION: Call = { name: 'challenge.verify, passkey, with a condition' }
const CODE: Call = {
  name: 'challenge.verify, authenticator app',
  bench: 'TOTP step-up',
}
const AUTHORIZE: Call = { name: 'action.authorize, with a token', bench: 'action.authorize' }
const AUTHORIZE_CONDITION: Call = { name: 'action.authorize, with a condition' }
const WITHOUT_TOKEN: Call = { name: 'action.authorize, without a token' }
const ENROLL: Call[] = [
  { name: 'factor.enroll, of a new user' },
  { name: 'factor.confirm, of a new user' },
]
const REFUSED: Call = { name: 'challenge.verify, refused after wrong codes' }

/** What users and their APIs do: the page asks, the user answers, the API asks again. */
interface Flow {
  title: string
  calls: Call[]
  isStepUp: boolean
}
/** The flow that the limits are computed with. */
const STEP_UP: Flow = {
  title: 'a step-up with a passkey',
  calls: [CHECK, START, PASSKEY, AUTHORIZE],
  isStepUp: true,
}
const FLOWS: Flow[] = [
  { title: 'enrolling a first factor', calls: ENROLL, isStepUp: false },
  { title: 'an action of a user who needs no step-up', calls: [WITHOUT_TOKEN], isStepUp: false },
  { title: 'a step-up with an app', calls: [CHECK, CODE, AUTHORIZE], isStepUp: true },
  STEP_UP,
  {
    title: 'the same, with details and a condition',
    calls: [CONDITION, START_CONDITION, PASSKEY_CONDITION, AUTHORIZE_CONDITION],
    isStepUp: true,
  },
]
/** What objects do later for a step-up whose user makes no other one within the hour. */
const CLEANING = [
  'the clean-up of a user, an hour after a step-up',
  'the clean-up of a user, 400 days after a step-up',
]

type Amounts = Record<Billed, number>

const sum = (numbers: number[]): number => numbers.reduce((one, other) => one + other, 0)
const cpuOf = ({ bench }: Call): number =>
  (bench === undefined ? undefined : measuredCpu(bench)) ?? ASSUMED_CPU_MILLISECONDS

/** Returns what a flow uses once. */
function amountsOf({ calls, isStepUp }: Flow): Amounts {
  const alarms = isStepUp ? CLEANING.map(costOf) : []
  const costs: Cost[] = [...calls.map(({ name }) => costOf(name)), ...alarms]
  // An alarm is a call of its object, beside those that the object makes.
  const objectRequests = sum(costs.map(({ objects }) => objects)) + alarms.length
  return {
    requests: calls.length,
    cpuMilliseconds: sum(calls.map(cpuOf)),
    objectRequests,
    gigabyteSeconds: objectRequests * ASSUMED_OBJECT_SECONDS * OBJECT_GIGABYTES,
    rowsRead: sum(costs.map(({ rowsRead }) => rowsRead)),
    rowsWritten: sum(costs.map(({ rowsWritten }) => rowsWritten)),
  }
}

/** Returns the dollars for a million times some amounts: prices are for a million, too. */
const dollarsOf = (amounts: Amounts): number =>
  sum(Object.entries(PRICES).map(([key, { dollars }]) => amounts[key as Billed] * dollars))

const storedDollars = ({ isStepUp }: Flow): number =>
  isStepUp ? gigabytes(SIZES.stepUp * MILLION) * STORED_GB_MONTH * KEPT_MONTHS : 0
const gigabytes = (bytes: number): number => bytes / 1e9

const number = (value: number, digits = 0): string =>
  value.toLocaleString('en-US', { maximumFractionDigits: digits })
const dollars = (value: number): string =>
  `$${value.toLocaleString('en-US', { minimumFractionDigits: value < 100 ? 2 : 0, maximumFractionDigits: value < 100 ? 2 : 0 })}`
/** A price keeps all its digits. */
const dollarsEach = (value: number): string => (value < 0.1 ? `$${value}` : dollars(value))
const line = (cells: string[]): string => `| ${cells.join(' | ')} |`
const table = (heading: string[], rows: string[][]): string =>
  [heading, heading.map(() => '---'), ...rows].map(line).join('\n')

const prices = () =>
  table(
    ['what', 'a million', 'included in a month'],
    [
      ...Object.values(PRICES).map(({ what, dollars: price, included }) => [
        what,
        dollarsEach(price),
        included,
      ]),
      ['a GB stored for a month', `${dollars(STORED_GB_MONTH)} each`, '5'],
    ],
  )

const usage = () =>
  table(
    ['', 'requests', 'calls of objects', 'rows read', 'rows written', 'CPU', 'stored'],
    FLOWS.map((flow) => {
      const { requests, objectRequests, rowsRead, rowsWritten, cpuMilliseconds } = amountsOf(flow)
      return [
        flow.title,
        ...[requests, objectRequests, rowsRead, rowsWritten].map((value) => number(value)),
        `${number(cpuMilliseconds, 1)} ms`,
        flow.isStepUp ? `${number(SIZES.stepUp)} bytes` : '0',
      ]
    }),
  )

const bill = () =>
  table(
    [
      'a million times',
      ...Object.values(PRICES).map(({ what }) => what),
      'stored for 400 days',
      'all',
    ],
    FLOWS.map((flow) => {
      const amounts = amountsOf(flow)
      return [
        flow.title,
        ...Object.entries(PRICES).map(([key, { dollars: price }]) =>
          dollars(amounts[key as Billed] * price),
        ),
        dollars(storedDollars(flow)),
        `**${dollars(dollarsOf(amounts) + storedDollars(flow))}**`,
      ]
    }),
  )

const users = () =>
  table(
    ['users who do nothing', 'stored', 'a month'],
    [MILLION, 10 * MILLION, USERS].map((count) => {
      const stored = gigabytes(count * SIZES.user)
      return [number(count), `${number(stored)} GB`, dollars(stored * STORED_GB_MONTH)]
    }),
  )

const requestsPerSecond = STEP_UPS_PER_SECOND * amountsOf(STEP_UP).requests
const busyCores = (STEP_UPS_PER_SECOND * amountsOf(STEP_UP).cpuMilliseconds) / 1000
const snapshotIsolates = LIMITS.objectRequestsPerSecond * KEPT_SECONDS
const countsIsolates = WRITES_PER_SECOND * FLUSH_SECONDS * COUNTS_SHARDS
const credentialUsers = MILLION * Math.floor(LIMITS.objectBytes / SIZES.credential / MILLION)

const isolates = () =>
  table(
    [
      'isolates of an environment',
      'requests of each',
      'settings asked for',
      'counts sent to each object',
    ],
    [1000, countsIsolates, snapshotIsolates, 5 * snapshotIsolates].map((count) => [
      number(count),
      `${number(requestsPerSecond / count, 1)} /s`,
      `${number(count / KEPT_SECONDS)} /s`,
      `${number(count / FLUSH_SECONDS / COUNTS_SHARDS)} /s`,
    ]),
  )

function attack(): string {
  const refused = costOf(REFUSED.name)
  const perSecond = LIMITS.objectRequestsPerSecond
  const amounts: Amounts = {
    requests: 1,
    cpuMilliseconds: ASSUMED_CPU_MILLISECONDS,
    objectRequests: refused.objects,
    gigabyteSeconds: ASSUMED_OBJECT_SECONDS * OBJECT_GIGABYTES,
    rowsRead: refused.rowsRead,
    rowsWritten: refused.rowsWritten,
  }
  const perHour = (perSecond * 3600) / MILLION
  const history = (HISTORY_MAX_EVENTS / 2) * SIZES.stepUp
  return `- A caller without a session of the user reaches no object. Each call costs a request and its CPU.
- A caller with a stolen session reaches the object of that user. Only confirming a passkey also calls the object of the
  environment, and changes without a token are limited. Above the ${number(perSecond)} requests a second that
  one object takes, calls for that user are refused with \`unavailable\`. Other users notice nothing. An hour of it costs
  ${dollars(dollarsOf(amounts) * perHour)}, of which ${dollars(refused.rowsWritten * PRICES.rowsWritten.dollars * perHour)} are rows written. A rate limit in front of the Worker ends that.
- What the caller makes the object store is bounded. It writes at most ${number(EVENTS_PER_HOUR_MAX)} events an hour, whatever is tried, and a
  history holds ${number(HISTORY_MAX_EVENTS)}: less than ${number(history / MILLION)} MB of the ${number(gigabytes(LIMITS.objectBytes))} GB that an object can store.`
}

const source = ([name, link]: [string, string]): string => `  - [${name}](${link})`

/** Returns the text of the page. */
export const scalePage = (): string => {
  const monthly = STEP_UPS_PER_SECOND * 86_400 * 30
  const perMillion = dollarsOf(amountsOf(STEP_UP)) + storedDollars(STEP_UP)
  const countedRows = costOf(COUNTING).rowsWritten
  return `<!-- Written by \`npm run generate\` from the costs of calls and the prices of the platform; never edited. -->

# Scale

What Countersign costs on Cloudflare, and which limit it meets first. Nothing here was measured on Cloudflare: it is
arithmetic, which \`node scripts/scale.ts\` prints again. It is made from

- what each call costs: calls of objects, SQL statements, and rows as SQLite bills them. A test counts them in workerd and
  holds them exactly (\`test/state/costs.md\` in the repository);
- what is stored for a user and for a step-up, which the same test measures;
- prices and limits of the Workers Paid plan, as documented in ${READ_IN}:
${Object.entries(SOURCES).map(source).join('\n')}
- two assumptions: a call takes ${ASSUMED_CPU_MILLISECONDS} ms of CPU where \`docs/bench\` has no measurement of it, and keeps its
  object running for ${number(ASSUMED_OBJECT_SECONDS * 1000)} ms.

## Prices

${prices()}

The tables below leave out what the plan includes.

## Step-ups

In a step-up the page calls \`policy.check\`, for a passkey also \`challenge.start\`, and \`challenge.verify\`. Then the API
calls \`action.authorize\`. The user's object cleans up twice: after an hour, and when the history of 400 days ends. A user
who steps up more often shares these.

${usage()}

${bill()}

Rows written are most of it. A row counts once for its table and once for each of its indexes.

Isolates also count events. An isolate sends its counts at most every ${FLUSH_SECONDS} seconds: one call of an object, and ${countedRows} rows
written for each kind of event. Where there is less than one call in ${FLUSH_SECONDS} seconds, each is paid for like that.

## Users

A user who was only asked about stores nothing. A user with a passkey, an authenticator app and ten recovery codes
stores ${number(SIZES.user)} bytes, most of them in pages of SQLite that are nearly empty. Their object runs once
more, when their oldest event is 400 days old, and deletes it.

${users()}

## The first limits

**At ${number(USERS)} users.** Neither the number of objects nor the storage of an account has a limit. An object has one of
${number(gigabytes(LIMITS.objectBytes))} GB. The object of an environment holds ${number(SIZES.credential)} bytes for each passkey, so that no two users share one: it is full at
${number(credentialUsers)} passkeys. Then no further passkey can be enrolled in this environment. Divide the users into several
environments before.

**At ${number(STEP_UPS_PER_SECOND)} step-ups a second.** These are ${number(requestsPerSecond)} requests a second. They keep ${number(busyCores)} cores busy, and cost
${dollars((monthly / MILLION) * perMillion)} a month. The object of its user answers each, so they spread over all users, and no user comes
near the ${number(LIMITS.objectRequestsPerSecond)} requests a second of one object. What the isolates of an environment share grows with their
number, which the platform decides:

${isolates()}

- An isolate asks the object of the environment for its settings and keys every ${KEPT_SECONDS} seconds. The object takes
  ${number(LIMITS.objectRequestsPerSecond)} requests a second, so this ends at ${number(snapshotIsolates)} isolates. Isolates beyond that use the copy in KV: they
  decide checks of users, and can neither issue nor consume tokens. Divide the users into several environments before.
- An isolate sends its counts to one of ${COUNTS_SHARDS} objects every ${FLUSH_SECONDS} seconds. An object made at least ${WRITES_PER_SECOND} such writes a
  second in workerd, so this ends at ${number(countsIsolates)} isolates. Then counts are lost. They are estimates, and nothing depends
  on them.
- The object of the environment writes its copy to KV at most once a minute. KV takes ${LIMITS.kvWritesPerSecond} write a second for a key.
- The directory, of which there is only one, answers operators alone.
- An isolate keeps ${KEPT_ENVIRONMENTS} environments. Where it is called for more of them in turn, each call asks the object of
  its environment, too.

So nothing global is on the way of a call that a user waits for. A test asserts it: once an isolate knows the
environment, each of these calls asks the object of its user and no other one.

**In an isolate** of ${number(LIMITS.isolateBytes / MILLION)} MB, every cache has a bound. \`STORAGE.md\` in the repository lists them.

## One user under attack

${attack()}
`
}
