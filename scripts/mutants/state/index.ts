// All named changes to the objects.
import type { Change } from '../change.ts'
import { ATTEMPT_CHANGES } from './attempts.ts'
import { DIRECTORY_CHANGES } from './directory.ts'
import { ENROLLMENT_CHANGES } from './enrollment.ts'
import { ENVIRONMENT_CHANGES } from './environments.ts'
import { FACTOR_CHANGES } from './factors.ts'
import { OBJECT_CHANGES } from './objects.ts'
import { RECORD_CHANGES } from './records.ts'
import { TOKEN_CHANGES } from './tokens.ts'

export const STATE_CHANGES: Change[] = [
  ...TOKEN_CHANGES,
  ...ATTEMPT_CHANGES,
  ...ENROLLMENT_CHANGES,
  ...FACTOR_CHANGES,
  ...RECORD_CHANGES,
  ...ENVIRONMENT_CHANGES,
  ...DIRECTORY_CHANGES,
  ...OBJECT_CHANGES,
]
