// The property of every endpoint: after any calls, each answer has its form, a valid call is accepted, and a
// refusal has changed nothing. fast-check draws, shrinks and replays the calls.
import { env } from 'cloudflare:workers'
import fc from 'fast-check'
import { vi } from 'vitest'
import worker from '../../functions/worker.ts'
import { type Call, requestOf } from './calls.ts'
import { changesOf } from './changes.ts'
import type { Endpoint } from './endpoints.ts'
import { credentialsOf, type Fixture, OPERATOR_ROUTE, secretsOf, wordsOf } from './fixtures.ts'
import { type Answer, judge, LONGEST_MILLISECONDS, type Outcome } from './holds.ts'
import { inputs } from './inputs.ts'
import { difference, restore, stateOf } from './objects.ts'

/** Sends a request to the Worker. */
export type Send = (request: Request) => Promise<Response>
/** What is tried: fast-check's own parameters, where `numRuns` sequences of calls are made at each endpoint. */
export interface Plan extends Pick<fc.Parameters, 'seed' | 'path' | 'numRuns'> {
  /** The names of the endpoints; all where it is left out. */
  only?: string[]
  /** Whether to say now and then how far it is: a call that hangs is silent. */
  beat?: boolean
}

declare module 'vitest' {
  interface ProvidedContext {
    fuzz: Plan
  }
}

const MOST_CALLS = 16
const BEAT_MILLISECONDS = 20_000
const SHOWN_CHARACTERS = 1_000

/** Asserts that the property holds at an endpoint. */
export async function fuzz(
  endpoint: Endpoint,
  fixture: Fixture,
  plan: Plan,
  send = toWorker,
): Promise<void> {
  const { realm, spare, person, saved } = fixture
  const input = endpoint.input && inputs(endpoint.input, wordsOf(fixture, endpoint.procedure ?? ''))
  const routes = [realm.id, spare.id, OPERATOR_ROUTE, 'unknown', 'console', '__proto__']
  const changes = changesOf(endpoint, input, routes, await credentialsOf(fixture))
  let beatAt = 0
  const calls = fc.array(changes, { maxLength: MOST_CALLS, size: 'max' })
  const property = fc.asyncProperty(fc.gen(), fc.boolean(), calls, async (g, spend, bent) => {
    if (plan.beat && performance.now() - beatAt > BEAT_MILLISECONDS) {
      log(`at ${endpoint.name}`)
      beatAt = performance.now()
    }
    await restore(saved)
    await person.signIn({ sid: 's' })
    const pick = <T>(...choices: T[]): T => choices[g(fc.nat, choices.length - 1)] as T
    const good = await endpoint.fresh({ fixture, pick })
    let before = await stateOf(saved)
    let unchanging: Call[] = []
    for (const call of [...(spend ? [good] : []), ...bent.map((change) => change(good))]) {
      const outcome = await ask(endpoint, fixture, call, send)
      if (!outcome) continue
      if (call === good && endpoint.accepts && 'reason' in outcome)
        fail(`a good call was refused as ${outcome.reason}`, [call])
      if (!hasChanged(endpoint, outcome)) unchanging.push(call)
      else {
        before = await stateOf(saved)
        unchanging = []
      }
    }
    if (unchanging.length === 0) return
    const changed = difference(before, await stateOf(saved))
    if (changed.length > 0)
      fail(`changed by what must change nothing:\n${changed.join('\n')}`, unchanging)
  })
  await fc.assert(property, { ...plan, includeErrorInReport: true })
}

/**
 * Whether a call may have changed something. An operator's change spends the token of their step-up before the
 * object of the change is asked (steps/authorize.ts), so a conflict that the object finds has cost the token.
 */
const hasChanged = ({ changes, guarded }: Endpoint, outcome: Outcome): boolean =>
  changes &&
  ('accepted' in outcome || (guarded && 'reason' in outcome && outcome.reason === 'conflict'))

function fail(wrong: string, calls: readonly Call[], answer = ''): never {
  const shown = calls.map((call) => JSON.stringify(call).slice(0, SHOWN_CHARACTERS))
  throw new Error([wrong, ...shown, answer.slice(0, SHOWN_CHARACTERS)].join('\n  '))
}

let counted = 0

/** Makes a call and judges its answer; undefined for a call that no client could send. */
async function ask(
  endpoint: Endpoint,
  fixture: Fixture,
  call: Call,
  send: Send,
): Promise<Outcome | undefined> {
  const id = `fuzz-${counted++}`
  const request = requestOf({ ...call, headers: { ...call.headers, 'cf-ray': id } })
  if (!request) return undefined
  const answer = await answerOf(request, send).catch((error) => fail(`threw ${error}`, [call]))
  const outcome = judge(endpoint, call, answer, {
    fault: faults.get(id),
    secrets: secretsOf(fixture),
  })
  faults.clear()
  if ('wrong' in outcome) fail(outcome.wrong, [call], `${answer.status} ${answer.text}`)
  return outcome
}

async function answerOf(request: Request, send: Send): Promise<Answer> {
  const startedAt = performance.now()
  const answering = send(request).then(async (response) => {
    const type = response.headers.get('content-type') ?? ''
    const text = await response.text()
    return { status: response.status, type, text, milliseconds: performance.now() - startedAt }
  })
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(reject, LONGEST_MILLISECONDS, `no answer in ${LONGEST_MILLISECONDS} ms`)
  })
  return Promise.race([answering, late]).finally(() => clearTimeout(timer))
}

/** Faults by the id of their request, from the Worker's log. */
const faults = new Map<string, string>()

const { log } = console

/** Reads the Worker's log instead of printing it, and answers every outgoing request with 404. */
export function isolate(): void {
  vi.spyOn(console, 'log').mockImplementation((line: unknown) => {
    if (typeof line !== 'string' || !line.includes('"fault"')) return
    const { requestId, fault } = JSON.parse(line)
    faults.set(requestId, fault)
  })
  vi.stubGlobal('fetch', async () => new Response(null, { status: 404 }))
}

const page = () => new Response('', { headers: { 'content-type': 'text/html' } })
/** The bindings, with an operators' page in place of one that may not be built. */
const bindings = { ...env, ASSETS: { fetch: async () => page() } } as unknown as Env
/** What goes on after the answer may fail, as it may in production. */
const waitUntil = (work: Promise<unknown>) => void work.catch(() => undefined)
const context = { waitUntil, passThroughOnException: () => undefined, props: {} }

/** Sends a request to the Worker of this isolate. */
export const toWorker: Send = async (request) =>
  worker.fetch(request, bindings, context as unknown as ExecutionContext)
