// A procedure whose schema is missing, or that has a middleware, stops the Worker at its start.
import { expect, it } from 'vitest'
import * as z from 'zod/mini'
import { checked } from '../../functions/routes/call-procedure.ts'
import { calledBy } from '../../functions/trpc.ts'

const empty = z.object({})
const good = calledBy('subject').input(empty).output(empty)

it('a procedure with an input schema and an output schema is taken', () => {
  expect(partsOf(good)).not.toThrow()
})

it.each<[string, typeof good]>([
  ['no input schema', calledBy('subject').output(empty) as unknown as typeof good],
  ['no output schema', calledBy('subject').input(empty) as unknown as typeof good],
  ['two input schemas', good.input(z.object({}))],
  ['a middleware', good.use(({ next }) => next())],
])('a procedure with %s is not', (_what, procedure) => {
  expect(partsOf(procedure)).toThrow('no.name must have one input schema')
})

function partsOf(procedure: typeof good) {
  const { _def } = procedure.query(() => ({}))
  return () => checked('no.name', _def as unknown as Parameters<typeof checked>[1])
}
