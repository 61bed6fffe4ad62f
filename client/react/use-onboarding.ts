// Whether a page is to ask its user for a first factor before anything else. Decided once for each user,
// so that the recovery codes are shown to their end and nobody is called away from what they are doing.
import { useCallback, useEffect, useState } from 'react'
import type { CountersignError } from '../errors.ts'
import { useCountersign } from './provider.ts'
import { type QueryHookOptions, useIsUserMissingMfaAuth } from './queries.ts'
import { type UserName, useUserName } from './user.ts'

/** How far it is: not known yet, not to be found out, to be asked, or nothing to do. */
export type OnboardingState = 'loading' | 'failed' | 'needed' | 'done'

/** What `useOnboarding` gives. */
export interface OnboardingHandle {
  /** `done` as well where the environment asks for nothing at sign-in. */
  state: OnboardingState
  /** Why it is not known, where `state` is `failed`. */
  error: CountersignError | null
  retry: () => void
  /** For `onDone` of `Onboarding`. */
  finish: () => void
}

/**
 * Whether the signed-in user is to enroll a first factor before going on: where the environment says
 * `enrollment: onboarding` and they never did. It is asked once for each user and stays `needed` until
 * `finish`, however many factors they have by then; a user who has gone on is asked at the next sign-in.
 * Below a `QueryClientProvider`. It is for the page: what an action needs the server decides.
 *
 * @example
 * const { state, error, retry, finish } = useOnboarding()
 * if (state === 'needed') return <Onboarding onDone={finish} />
 */
export function useOnboarding(options: Omit<QueryHookOptions, 'enabled'> = {}): OnboardingHandle {
  const user = useUserName(useCountersign(options.instance))
  const [settled, settle] = useState<{ user: UserName; state: 'needed' | 'done' }>()
  const { data, error, isFetching, refetch } = useIsUserMissingMfaAuth(options)
  const own = settled && settled.user === user ? settled.state : undefined
  const found = data === undefined ? undefined : data ? 'needed' : 'done'

  useEffect(() => {
    // A user who signs out and in again is asked again.
    if (settled && settled.user !== user) settle(undefined)
    else if (!settled && found) settle({ user, state: found })
  }, [settled, found, user])
  const finish = useCallback(() => settle({ user, state: 'done' }), [user])
  const retry = useCallback(() => void refetch().catch(() => {}), [refetch])

  const unknown = error && !isFetching ? 'failed' : 'loading'
  return { state: own ?? found ?? unknown, error, retry, finish }
}
