// Runs an action with a step-up and its dialog. Most pages need only this.
import {
  createContext,
  type ReactElement,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useSyncExternalStore,
} from 'react'
import type { Details } from '../../contract/index.ts'
import { CountersignError } from '../errors.ts'
import type { Countersign } from '../instance.ts'
import type { MFAAction } from '../names.ts'
import type { StepUpPrompt } from '../prompt.ts'
import { type StepUpFetch, withStepUp } from '../with-step-up.ts'
import { StepUpDialog, type StepUpLook } from './dialog.tsx'
import { createPromptQueue, type PromptQueue } from './prompt-queue.ts'
import { useCountersign } from './provider.ts'
import { watchOf } from './user.ts'

/** The outcome of an action that was not refused. */
export type StepUpOutcome<T> = { status: 'completed'; value: T } | { status: 'cancelled' }

/**
 * Runs an action. If it needs a step-up, the dialog verifies the user first.
 *
 * @returns `cancelled` if the user closed the dialog, the component unmounted, or another user signed in
 * @throws CountersignError `denied`, `details_required`, those of `withStepUp`, and whatever `run` throws
 */
export type StepUp = <T>(
  action: MFAAction,
  run: (fetch: StepUpFetch) => Promise<T>,
  options?: { details?: Details | undefined },
) => Promise<StepUpOutcome<T>>

/** Options of `useStepUp` and `StepUpProvider`. */
export interface StepUpOptions extends StepUpLook {
  /** The instance to use. Default: the provider's, or else the default instance. */
  instance?: Countersign
}

/** The result of `useStepUp`. */
export interface StepUpHandle {
  stepUp: StepUp
  /** Opens the dialog without an action: for `withStepUp`, or `createCountersign({ prompt })`. */
  prompt: StepUpPrompt
  /** Render it anywhere. It is null inside a `StepUpProvider`, which renders the dialog itself. */
  dialog: ReactElement | null
}

const QueueContext = createContext<PromptQueue | undefined>(undefined)

/**
 * Returns a function that runs an action with a step-up. Simultaneous step-ups are asked one after the other. One
 * that is no longer needed is skipped.
 *
 * @example
 * const { stepUp, dialog } = useStepUp()
 * const result = await stepUp('wallet.waas.export', (fetch) => fetch('/api/export', { method: 'POST' }))
 * if (result.status === 'completed') show(await result.value.json())
 * @example
 * const body = JSON.stringify(details) // what the API binds: `details` of its guard
 * await stepUp('wallet.waas.sign', (fetch) => fetch('/api/sign', { method: 'POST', body }), { details })
 */
export function useStepUp({ instance: given, ...look }: StepUpOptions = {}): StepUpHandle {
  const instance = useCountersign(given)
  const around = useContext(QueueContext)
  const own = useMemo(() => createPromptQueue(instance), [instance])
  const isOwn = !around || around.instance !== instance
  const queue = isOwn ? own : around
  const stepUp: StepUp = useCallback((...args) => stepUpAt(queue, ...args), [queue])
  return {
    stepUp,
    prompt: queue.prompt,
    dialog: isOwn ? <QueueDialog queue={own} {...look} /> : null,
  }
}

/**
 * Mounts the dialog once, for every `useStepUp` below.
 *
 * @example <StepUpProvider><App /></StepUpProvider>
 */
export function StepUpProvider({
  instance: given,
  children,
  ...look
}: StepUpOptions & { children?: ReactNode }) {
  const instance = useCountersign(given)
  const queue = useMemo(() => createPromptQueue(instance), [instance])
  return (
    <QueueContext.Provider value={queue}>
      {children}
      <QueueDialog queue={queue} {...look} />
    </QueueContext.Provider>
  )
}

/** Shows the dialog of the current step-up. */
function QueueDialog({ queue, ...look }: StepUpLook & { queue: PromptQueue }) {
  const open = useSyncExternalStore(queue.subscribe, queue.current, nobody)
  useEffect(() => queue.attach(), [queue])
  if (!open) return null
  return (
    <StepUpDialog
      {...look}
      key={open.id}
      instance={queue.instance}
      request={open.request}
      onVerified={() => open.answer({ verified: true })}
      onCancel={() => open.answer(null)}
      onFailed={open.fail}
    />
  )
}

const nobody = () => undefined

async function stepUpAt<T>(
  queue: PromptQueue,
  action: MFAAction,
  run: (fetch: StepUpFetch) => Promise<T>,
  { details }: { details?: Details | undefined } = {},
): Promise<StepUpOutcome<T>> {
  const { look } = watchOf(queue.instance)
  const user = await look().catch(() => undefined)
  let isCancelled = false
  const prompt: StepUpPrompt = async (request) => {
    const answer = await queue.prompt(request)
    isCancelled = !answer
    return answer
  }
  // An action that one user started must not run for another user.
  const runForUser = async (fetch: StepUpFetch) => {
    if (user === undefined || (await look()) === user) return run(fetch)
    isCancelled = true
    throw new CountersignError('cancelled', 'Another user is signed in now.')
  }
  try {
    const value = await withStepUp(action, runForUser, { prompt, details }, queue.instance)
    return { status: 'completed', value }
  } catch (error) {
    if (isCancelled) return { status: 'cancelled' }
    throw error
  }
}
