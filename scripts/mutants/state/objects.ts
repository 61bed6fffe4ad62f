// Named changes to what is asked of an object once more: only what is as good done twice as once.
import { type Change, changesOf } from '../change.ts'

const FAULTS = ['test/state/faults.test.ts']
const GIVEN_UP =
  'if (!retryable || overloaded || !may || (may !== true && !may(...input))) throw error'

export const OBJECT_CHANGES: Change[] = [
  ...changesOf('functions/edge/objects.ts', FAULTS, [
    [
      'an overloaded object is asked again',
      GIVEN_UP,
      'if (!retryable || !may || (may !== true && !may(...input))) throw error',
    ],
    [
      'whatever failed is asked again',
      GIVEN_UP,
      'if (overloaded || !may || (may !== true && !may(...input))) throw error',
    ],
    ['every verb is asked again', GIVEN_UP, 'if (!retryable || overloaded) throw error'],
    ['nothing is asked again', GIVEN_UP, 'throw error'],
    [
      'a stub that broke is asked again',
      'const ask = () => (stub() as Record<string, Verb>)[verb]?.(...input)',
      'const broken = stub() as Record<string, Verb>\n    const ask = () => broken[verb]?.(...input)',
    ],
    ['a use without a key is asked again', '({ holder }) => holder !== null', 'true'],
    ['a use with a key is not asked again', '({ holder }) => holder !== null', '() => false'],
    [
      'a check that counts is asked again',
      "({ action }) => action.rule.mode !== 'observe'",
      'true',
    ],
    ['a code is tried again', '  facts: true,', '  facts: true,\n  stepUpTotp: true,'],
    ['a factor is removed again', '  facts: true,', '  facts: true,\n  remove: true,'],
    ['settings are saved again', '  snapshot: true,', '  snapshot: true,\n  update: true,'],
    ['keys are rotated again', '  snapshot: true,', '  snapshot: true,\n  rotateKeys: true,'],
    [
      'a second resource key is made',
      '  snapshot: true,',
      '  snapshot: true,\n  createResourceKey: true,',
    ],
    ['a second operator is made', '  guard: true,', '  guard: true,\n  createOperator: true,'],
  ]),
]
