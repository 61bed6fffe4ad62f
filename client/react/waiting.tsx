// Computes, formats and announces the wait after too many attempts.
import { useEffect, useState } from 'react'
import type { CountersignError } from '../errors.ts'
import { Said } from './parts.tsx'
import type { StepUpTexts } from './texts.ts'

/** The wait if a refusal has no `retryAfterSeconds`. */
const WAIT_SECONDS = 30

/**
 * Returns when the next attempt is allowed after a refusal, in epoch milliseconds. The last wrong attempt starts
 * the wait.
 */
export function waitUntilOf(error: CountersignError): number | undefined {
  const { reason, attemptsLeft, retryAfterSeconds = WAIT_SECONDS } = error
  if (reason === 'locked' || (reason !== 'rate_limited' && attemptsLeft !== 0)) return undefined
  return Date.now() + retryAfterSeconds * 1000
}

/** Formats a countdown. */
export const inTime = (
  texts: StepUpTexts,
  text: 'waiting' | 'nextCodeIn',
  seconds: number,
): string => texts[text](seconds, texts.duration(seconds))

interface WaitSaidProps {
  waitUntil: number | undefined
  /** The remaining seconds. */
  waiting: number
  texts: StepUpTexts
}

const STEP_SECONDS = 10
/** A longer wait is announced when it begins, and then in its last seconds. */
const LAST_STEPS = 5

/** Announces a wait: its beginning, every ten seconds near its end, and its end. */
export function WaitSaid({ waitUntil, waiting, texts }: WaitSaidProps) {
  const [said, setSaid] = useState('')
  const step = Math.min(Math.ceil(waiting / STEP_SECONDS), LAST_STEPS + 1)
  useEffect(() => {
    if (waitUntil === undefined) return setSaid('')
    if (step === 0) return setSaid((before) => before && texts.waitOver)
    setSaid(inTime(texts, 'waiting', Math.ceil((waitUntil - Date.now()) / 1000)))
  }, [waitUntil, step, texts])
  return <Said>{said}</Said>
}
