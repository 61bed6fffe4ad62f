// Which kinds of factors a user may enroll, and the choice among them. The component that offers the
// choice acts on it.
import type { Method } from '../../contract/index.ts'
import type { StepUpRequest } from '../prompt.ts'
import { Choices } from './choices.tsx'
import type { StepUpTexts } from './texts.ts'

/** A kind of factor that can be enrolled. */
export type Kind = 'passkey' | 'totp'

const KINDS: readonly Kind[] = ['passkey', 'totp']

/** The kinds among the methods of a decision, in the order in which they are offered. */
export const kindsOf = (methods: readonly Method[]): Kind[] =>
  KINDS.filter((kind) => methods.includes(kind))

/** Returns the kinds that a user can add to replace a lost factor. */
export const kindsToAdd = ({ decision, methods }: StepUpRequest): Kind[] =>
  kindsOf(decision?.enrollable ?? methods)

interface KindsProps {
  kinds: readonly Kind[]
  texts: StepUpTexts
  onChoose: (kind: Kind) => void
}

export function Kinds({ kinds, texts, onChoose }: KindsProps) {
  const rows = kinds.map((id) => ({
    id,
    title: texts.enroll[id],
    hint: texts.enroll[`${id}Hint`],
  }))
  return <Choices label={texts.enrollTitle} choices={rows} onChoose={onChoose} />
}
