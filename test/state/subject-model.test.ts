// A user's object, compared with a model of plain lists: after any calls in any order, its answers and its state
// are the model's. Simultaneous calls are answered as if they came in some order.
import fc from 'fast-check'
import { beforeAll, expect, it } from 'vitest'
import { advance, restartClockAfterEach, stopClock } from '../support/clock.ts'
import { makeEnvironment, unique } from '../support/service.ts'
import { type Answered, answeredOf, makeObject } from './model/object.ts'
import { emptyState, record, type State, seen } from './model/state.ts'
import { bursts, callOf, type Step, sequences } from './model/steps.ts'
import { apply, type Call } from './model/verbs.ts'

const RUNS = 25
const TIMEOUT = 120_000
/** Also for making a counterexample smaller: the smallest by then is told. */
const BOUNDS = { numRuns: RUNS, interruptAfterTimeLimit: 60_000 }

restartClockAfterEach()
let environment = ''
beforeAll(async () => {
  environment = (await makeEnvironment()).id
})

/** A user's object and all the states that it may be in: more than one only after calls at once. */
async function begin() {
  const made = makeObject(environment, unique('model'))
  // From here on there is something stored of this user.
  await made.object.unlock({ who: made.who, operator: 'model' })
  const state = emptyState(stopClock())
  apply(state, { verb: 'unlock' }, [])
  return { ...made, states: [state] }
}
type Scene = Awaited<ReturnType<typeof begin>>

const answered = new Map<string, number>()

/** Makes the calls at once, and keeps the states that explain the answers. */
async function take(scene: Scene, calls: Call[]): Promise<void> {
  const [first] = scene.states
  if (!first) throw new Error('no state is left')
  const acrOf = (jti: string | undefined) =>
    first.tokens.find((token) => token.jti === jti)?.acr ?? 'phr'
  const runs = await Promise.all(calls.map((call) => scene.prepare(call, acrOf, first.now)))
  const answers = (await Promise.all(runs.map((run) => run()))).map(answeredOf)
  for (const [index, { answer }] of answers.entries()) {
    const what = `${calls[index]?.verb} ${answer}`
    answered.set(what, (answered.get(what) ?? 0) + 1)
  }
  const explained = scene.states.flatMap((state) => explanations(state, calls, answers))
  const single = calls.length === 1 && scene.states.length === 1
  const expected =
    single && apply(structuredClone(first), calls[0] as Call, answers[0]?.codes ?? [])
  expect(
    explained.length,
    `${JSON.stringify(calls)} → ${answers.map(({ answer }) => answer)}, not ${expected}`,
  ).toBeGreaterThan(0)
  scene.states = distinct(explained)
}

/** The states in which calls with these answers may leave one, in any order. */
function explanations(state: State, calls: Call[], answers: Answered[]): State[] {
  if (calls.length === 0) return [state]
  return calls.flatMap((call, index) => {
    const after = structuredClone(state)
    const { answer, codes } = answers[index] ?? { answer: '', codes: [] }
    if (apply(after, call, codes) !== answer) return []
    return explanations(after, calls.toSpliced(index, 1), answers.toSpliced(index, 1))
  })
}

const distinct = (states: State[]): State[] => [
  ...new Map(states.map((state) => [JSON.stringify(state), state])).values(),
]

/** The object is as one of the states says. */
async function look(scene: Scene): Promise<void> {
  const { object, who } = scene
  const view = await object.view({ who })
  const tokens = scene.states.flatMap((state) => state.tokens.map(({ jti }) => jti))
  const active: string[] = []
  for (const jti of new Set(tokens)) if (await object.isActive({ jti })) active.push(jti)
  const { enrolled, recovery, pendingEnrollments, liveTokens, attempts } = view
  const factors = view.factors.map(({ passkey: _ceremony, ...factor }) => factor)
  const { locked, retryAt } = attempts
  const is = {
    enrolled,
    factors,
    pendingEnrollments,
    recovery,
    locked,
    retryAt,
    liveTokens,
    active,
  }
  const matching = scene.states.filter((state) => equal(seen(state), is))
  if (matching.length === 0) expect(is).toEqual(seen(scene.states[0] ?? emptyState(0)))
  scene.states = matching
  expect(await object.verifyEvents(undefined)).toMatchObject({ intact: true })
}

/** The history records what happened, each thing as often as it did. */
async function readHistory({ object, states }: Scene): Promise<void> {
  const [state] = states
  const recorded = emptyState(0).recorded
  let before: number | undefined
  do {
    const { events, next } = await object.events(before)
    for (const event of events) record(recorded, event)
    before = next
  } while (before !== undefined)
  if (!states.some((one) => equal(one.recorded, recorded)))
    expect(recorded).toEqual(state?.recorded)
}

const equal = (a: object, b: object): boolean => {
  try {
    expect(a).toEqual(b)
    return true
  } catch {
    return false
  }
}

async function play(steps: Step[]): Promise<void> {
  const scene = await begin()
  let named = 0
  const name = (word: string) => `${word}_${(named++).toString(36).padStart(4, '0')}`
  for (const step of steps) {
    const [state] = scene.states
    if (!state) throw new Error('no state is left')
    if (step.at === 'wait') {
      const until = state.now + step.seconds
      for (const one of scene.states) one.now = until
      advance(step.seconds)
    } else {
      await take(
        scene,
        step.tries.map((one) => callOf(state, one, name)),
      )
      await look(scene)
    }
  }
  await readHistory(scene)
}

it(
  'answers as the model does, and is what the model is, whatever comes after what',
  async () => {
    await fc.assert(fc.asyncProperty(sequences, play), BOUNDS)
  },
  TIMEOUT,
)

it(
  'answers calls that come at once as in one order or another',
  async () => {
    await fc.assert(fc.asyncProperty(bursts, play), BOUNDS)
  },
  TIMEOUT,
)

/** How calls come out that many others must have come before. */
const DEEP = [
  ...['start ok', 'confirmTotp ok', 'confirmPasskey ok', 'stepUpTotp ok', 'stepUpRecovery ok'],
  ...['stepUpTotp code_already_used', 'stepUpTotp rate_limited', 'stepUpPasskey ok'],
  ...['stepUpPasskey challenge_used', 'exchange ok', 'consume ok', 'consume token_used'],
]
it('has come to what lies deep', () => {
  expect(DEEP.filter((what) => !answered.has(what))).toEqual([])
})
