// A form of its own, beside the settings: its values, what the contract says of them, and when to say so.
import { useState } from 'react'
import type * as z from 'zod/mini'
import { problemAt, problemsOf } from './problems.ts'

/** A form over a schema: problems are shown once a field was left, or the form was sent. */
export function useForm<V extends object>(schema: z.core.$ZodType, initial: V) {
  const [values, setValues] = useState(initial)
  const [left, setLeft] = useState<ReadonlySet<string>>(new Set())
  const [wasSent, setSent] = useState(false)
  const problems = problemsOf(schema, values)
  return {
    values,
    setValues,
    isGood: problems.length === 0,
    reset: () => {
      setValues(initial)
      setLeft(new Set())
      setSent(false)
    },
    /** Whether it may go; if not, every problem is shown from now on. */
    send: () => {
      setSent(true)
      return problems.length === 0
    },
    error: (path: string) => (wasSent || left.has(path) ? problemAt(problems, path) : undefined),
    leave: (path: string) => setLeft((known) => new Set([...known, path])),
  }
}
