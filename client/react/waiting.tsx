// Waiting after too many attempts: until when, what is seen of it, and what is announced.
import { useEffect, useState } from 'react'
import type { CountersignError } from '../errors.ts'
import { Said } from './parts.tsx'
import type { StepUpTexts } from './texts.ts'

/** How long to wait where a refusal does not say. */
const WAIT_SECONDS = 30

/**
 * Returns until when no attempt is taken after a refusal, in epoch milliseconds. The wait begins with the
 * last wrong attempt, and not with the one that is refused for it.
 */
export function waitUntilOf(error: CountersignError): number | undefined {
  const { reason, attemptsLeft, retryAfterSeconds = WAIT_SECONDS } = error
  if (reason === 'locked' || (reason !== 'rate_limited' && attemptsLeft !== 0)) return undefined
  return Date.now() + retryAfterSeconds * 1000
}

/** A countdown as it is written. */
export const inTime = (
  texts: StepUpTexts,
  text: 'waiting' | 'nextCodeIn',
  seconds: number,
): string => texts[text](seconds, texts.duration(seconds))

interface WaitSaidProps {
  waitUntil: number | undefined
  /** The seconds that are left of it. */
  waiting: number
  texts: StepUpTexts
}

const STEP_SECONDS = 10
/** A longer wait is announced when it begins, and then below this. */
const LAST_STEPS = 5

/** Announces a wait: its beginning, every ten seconds of its last minute, and its end. */
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
