// The words of an action for people: its title, and the sentence in which the step-up dialog says it.
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
  const { actions, unknownAction, intro } = DEFAULT_TEXTS
  const sentence = actions[action] ?? (action ? unknownAction(action) : 'refund an order')
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
