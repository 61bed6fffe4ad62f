// What the compiler must know of the texts in other languages: one that is missing does not compile.
import { DEFAULT_TEXTS, type StepUpTexts } from '../../client/react/texts.ts'

const { verified: _verified, ...withoutSuccess } = DEFAULT_TEXTS
const { locked: _locked, ...withoutLock } = DEFAULT_TEXTS.errors
const { 'user.update': _update, ...withoutUpdate } = DEFAULT_TEXTS.builtInActions

// @ts-expect-error a text is missing
export const missingText: StepUpTexts = withoutSuccess
// @ts-expect-error the words of a reason are missing
export const missingReason: StepUpTexts = { ...DEFAULT_TEXTS, errors: withoutLock }
// @ts-expect-error the words of a built-in action are missing
export const missingAction: StepUpTexts = { ...DEFAULT_TEXTS, builtInActions: withoutUpdate }
// @ts-expect-error a text that takes what it is about is not a function
export const fixedText: StepUpTexts = { ...DEFAULT_TEXTS, intro: 'You are about to do it.' }
