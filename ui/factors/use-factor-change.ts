// Changing the user's factors needs a step-up with one of them.
import { type UseMutationResult, useMutation } from '@tanstack/react-query'
import type { Countersign, MFAAction } from 'countersign'
import { type StepUpOutcome, useCountersign, useStepUp } from 'countersign/react'

/**
 * Runs a change after a step-up. `onDone` does not run when the user cancels the step-up. The cache keeps no
 * result, because it may hold recovery codes.
 */
export function useFactorChange<T>(
  action: MFAAction,
  run: (instance: Countersign) => Promise<T>,
  onDone?: (value: T) => void,
): UseMutationResult<StepUpOutcome<T>, Error, void> {
  const instance = useCountersign()
  const { stepUp } = useStepUp()
  return useMutation({
    mutationFn: () => stepUp(action, () => run(instance)),
    onSuccess: (outcome) => {
      if (outcome.status === 'completed') onDone?.(outcome.value)
    },
    gcTime: 0,
  })
}
