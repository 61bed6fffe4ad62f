// The words of an action for people: its title, and the sentence in which the step-up dialog says it.
import { isBuiltIn } from 'countersign/contract'
import { DEFAULT_TEXTS } from 'countersign/react'
import { TextField } from '../../ui/field.tsx'
import { defaultTitleOf } from '../rules.ts'

type Word = 'title' | 'sentence'

interface WordFieldsProps {
  action: string
  /** Returns the value of a field and what is wrong with it. */
  field: (word: Word) => {
    value: string
    error: string | undefined
    onValue: (value: string) => void
    onBlur?: () => void
  }
}

export function WordFields({ action, field }: WordFieldsProps) {
  const { builtInActions, unknownAction, intro } = DEFAULT_TEXTS
  const name = field('title').value || action
  const sentence = isBuiltIn(action)
    ? builtInActions[action]
    : name
      ? unknownAction(name)
      : 'refund an order'
  return (
    <>
      <TextField
        label="Title"
        hint="Its name in lists, charts and histories."
        placeholder={defaultTitleOf(action) || 'Refund'}
        isOptional
        maxLength={64}
        {...field('title')}
      />
      <TextField
        label="Sentence"
        hint={`What the dialog says: “${intro(field('sentence').value || sentence)}”`}
        placeholder={sentence}
        isOptional
        maxLength={120}
        {...field('sentence')}
      />
    </>
  )
}
