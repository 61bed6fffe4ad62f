// The queue of step-ups that wait for the dialog: one is asked at a time, in the order in which they came.
// A waiting step-up is asked only if it is still needed. This file does not use React.

import { checkStepUpAuth } from '../check.ts'
import { CountersignError } from '../errors.ts'
import { faultOf } from '../fault.ts'
import type { Countersign } from '../instance.ts'
import type { StepUpAnswer, StepUpAuth, StepUpRequest } from '../prompt.ts'
import { type UserName, watchOf } from './user.ts'

/** A step-up that is being asked. */
export interface Open {
  id: number
  request: StepUpRequest
  answer: (answer: StepUpAnswer) => void
  fail: (error: CountersignError) => void
}

/** The step-ups that wait for one dialog. */
export interface PromptQueue {
  readonly instance: Countersign
  prompt: (request: StepUpRequest) => Promise<StepUpAnswer>
  /** What the dialog shows now. */
  current: () => Open | undefined
  subscribe: (changed: () => void) => () => void
  /** Registers a dialog. Returns a function that removes it and cancels the waiting step-ups. */
  attach: () => () => void
}

interface Entry extends Open {
  user: UserName
}

/** How often a session getter that answers at once is looked at while the dialog is open. */
const LOOK_MILLISECONDS = 1000

/**
 * Creates the queue of a dialog.
 *
 * @example const queue = createPromptQueue(instance)
 */
export function createPromptQueue(instance: Countersign): PromptQueue {
  const watch = watchOf(instance)
  const listeners = new Set<() => void>()
  const line: Entry[] = []
  let shown: Entry | undefined
  let dialogs = 0
  let wasAttached = false
  let lastId = 0

  const show = (entry: Entry | undefined) => {
    shown = entry
    for (const listener of listeners) listener()
  }
  const leave = (entry: Entry): boolean => {
    const place = line.indexOf(entry)
    if (place < 0) return false
    line.splice(place, 1)
    if (place === 0) showNext().catch(() => {})
    return true
  }
  const showNext = async () => {
    const [next] = line
    show(undefined)
    if (!next) return
    const { action, details } = next.request
    const auth = await checkStepUpAuth({ mfaAction: action, details }, instance)
    if (line[0] !== next) return
    const { decision, isRequired } = auth
    const fault = faultOf(decision, details)
    // What was asked before may have earned the token that this one needs.
    if (!isRequired && !decision) next.answer({ verified: true })
    else if (fault) next.fail(fault)
    else {
      if (isRequired) next.request = { ...next.request, ...auth, ...askedFor(auth, next.request) }
      show(next)
    }
  }
  const cancelAll = () => {
    for (const entry of line.splice(0)) entry.answer(null)
    show(undefined)
  }
  const userChanged = () => {
    const now = watch.current()
    if (line.some(({ user }) => user !== undefined && user !== now)) cancelAll()
  }

  return {
    instance,
    current: () => shown,
    subscribe(changed) {
      listeners.add(changed)
      return () => listeners.delete(changed)
    },
    prompt(request) {
      if (dialogs === 0) {
        if (wasAttached) return Promise.resolve(null)
        const message = 'Render the dialog of useStepUp, or a StepUpProvider around it.'
        return Promise.reject(new CountersignError('input_invalid', message))
      }
      lastId += 1
      let resolve: (answer: StepUpAnswer) => void = () => {}
      let reject: (error: CountersignError) => void = () => {}
      const promise = new Promise<StepUpAnswer>((resolved, rejected) => {
        resolve = resolved
        reject = rejected
      })
      const entry: Entry = {
        id: lastId,
        request,
        user: watch.current(),
        answer: (answer) => {
          leave(entry)
          resolve(answer)
        },
        fail: (error) => {
          leave(entry)
          reject(error)
        },
      }
      line.push(entry)
      if (line.length === 1) show(entry)
      return promise
    },
    attach() {
      dialogs += 1
      wasAttached = true
      const stopWatching = watch.subscribe(userChanged)
      const timer = setInterval(() => line.length > 0 && watch.current(), LOOK_MILLISECONDS)
      return () => {
        dialogs -= 1
        stopWatching()
        clearInterval(timer)
        if (dialogs === 0) cancelAll()
      }
    },
  }
}

/** Which methods to offer, and whether to enroll them, by a newer answer where there is one. */
export const askedFor = (
  { decision }: StepUpAuth,
  { methods, enroll }: Pick<StepUpRequest, 'methods' | 'enroll'>,
) =>
  decision
    ? { methods: decision.methods, enroll: decision.decision === 'enroll' }
    : { methods, enroll }
