// Prints docs/scale.md: what the service costs, and where it ends.
import { scalePage } from '../test/support/scale/page.ts'

console.log(scalePage())
