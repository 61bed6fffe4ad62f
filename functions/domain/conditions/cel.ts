// The part of @marcbachmann/cel-js that is used. It is imported on first use, and only this part is bundled.
export { Environment, EvaluationError, ParseError, TypeError } from '@marcbachmann/cel-js'
